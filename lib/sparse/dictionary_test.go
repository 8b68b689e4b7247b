package sparse_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"darkroom/lib/sparse"
)

func ExampleOvercompleteDCT() {
	d := sparse.OvercompleteDCT(2, 2)
	fmt.Println(d.Count, "atoms of", d.Size, "pixels")
	for i := range d.Count {
		fmt.Printf("%4.1f\n", d.Atoms[i*d.Size:(i+1)*d.Size])
	}
	// Output:
	// 4 atoms of 4 pixels
	// [ 0.5  0.5  0.5  0.5]
	// [ 0.5 -0.5  0.5 -0.5]
	// [ 0.5  0.5 -0.5 -0.5]
	// [ 0.5 -0.5 -0.5  0.5]
}

// TestOvercompleteDCT compares with the sums of cosines in closed form: with θ = πk/freq,
// Σ cos(iθ) = sin(nθ/2) cos((n−1)θ/2) / sin(θ/2), and Σ cos²(iθ) = n/2 + sin(nθ) cos((n−1)θ) / (2 sin θ).
func TestOvercompleteDCT(t *testing.T) {
	const side, freq = 8, 16
	one := func(k, i int) float64 {
		if k == 0 {
			return 1 / math.Sqrt(side)
		}
		n, a := float64(side), math.Pi*float64(k)/freq
		mean := math.Sin(n*a/2) * math.Cos((n-1)*a/2) / math.Sin(a/2) / n
		squares := n/2 + math.Sin(n*a)*math.Cos((n-1)*a)/(2*math.Sin(a))
		return (math.Cos(float64(i)*a) - mean) / math.Sqrt(squares-n*mean*mean)
	}
	d := sparse.OvercompleteDCT(side, freq)
	if d.Count != freq*freq || d.Size != side*side || len(d.Atoms) != d.Count*d.Size {
		t.Fatalf("%d atoms of %d pixels, %d numbers", d.Count, d.Size, len(d.Atoms))
	}
	for k := range d.Count {
		norm := 0.0
		for p := range d.Size {
			got := float64(d.Atoms[k*d.Size+p])
			norm += got * got
			if want := one(k/freq, p/side) * one(k%freq, p%side); math.Abs(got-want) > 1e-6 {
				t.Fatalf("atom (%d, %d), pixel (%d, %d): %g, want %g", k/freq, k%freq, p/side, p%side, got, want)
			}
		}
		if math.Abs(norm-1) > 1e-6 {
			t.Errorf("atom %d has squared norm %g, want 1", k, norm)
		}
	}
}

func TestNorm2(t *testing.T) {
	d := sparse.OvercompleteDCT(5, 7)
	got, err := d.Norm2()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 1))
	v := make([]float64, d.Size) // power iteration on DᵀD
	for i := range v {
		v[i] = r.NormFloat64()
	}
	want := 0.0
	for range 2000 {
		next := make([]float64, d.Size)
		for k := range d.Count {
			c := 0.0
			for i := range v {
				c += float64(d.Atoms[k*d.Size+i]) * v[i]
			}
			for i := range v {
				next[i] += float64(d.Atoms[k*d.Size+i]) * c
			}
		}
		want = 0
		for _, x := range next {
			want += x * x
		}
		want = math.Sqrt(want)
		for i := range v {
			v[i] = next[i] / want
		}
	}
	if math.Abs(got/want-1) > 1e-9 {
		t.Errorf("Norm2 = %.12g, power iteration gives %.12g", got, want)
	}
}

func TestNorm2Errors(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, d := range map[string]sparse.Dictionary{
		"zero":     {Count: 2, Size: 2, Atoms: []float32{1, 0, 0, 0}},
		"NaN":      {Count: 2, Size: 2, Atoms: []float32{1, 0, 1, nan}},
		"infinite": {Count: 2, Size: 2, Atoms: []float32{1, 0, inf, 0}},
	} {
		if _, err := d.Norm2(); err == nil || !strings.Contains(err.Error(), "atom 1 has norm") {
			t.Errorf("a dictionary with an atom that is %s: error %v", name, err)
		}
	}
}
