package report

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// noise is the generator of testdata/make_vectors.py.
func noise(n int, seed uint32) []float64 {
	out := make([]float64, n)
	for i := range out {
		seed = seed*1664525 + 1013904223
		out[i] = float64(seed>>8) / (1 << 24)
	}
	return out
}

func plus(x []float64, c float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v + c
	}
	return out
}

func TestAgreesWithSciPy(t *testing.T) {
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			N                   int
			Shift, P, Low, High float64
			Seed                uint32
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 7 {
		t.Fatalf("%d vectors, want 7", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		d := plus(noise(v.N, v.Seed), v.Shift-0.5)
		p, exact := SignFlip(d)
		tolerance := 1e-12
		if exact != (v.N <= 20) {
			t.Errorf("n = %d: exact is %v", v.N, exact)
		}
		if !exact { // five standard deviations of the share of 9999 flips, and scipy's own doubling of the smaller tail
			tolerance = 5*math.Sqrt(v.P*(1-v.P)/Flips) + 0.002
		}
		if math.Abs(p-v.P) > tolerance {
			t.Errorf("n = %d: p is %v, scipy says %v", v.N, p, v.P)
		}
		low, high, ok := Interval([][]float64{d})
		// scipy drew 400,000 resamples. An end is uncertain by a standard error / 17 for many values, / 6 for few.
		if e := stat.StdErr(stat.StdDev(d, nil), float64(v.N)); !ok || math.Abs(low-v.Low) > 0.3*e ||
			math.Abs(high-v.High) > 0.3*e {
			t.Errorf("n = %d: interval [%.4f, %.4f], scipy says [%.4f, %.4f]", v.N, low, high, v.Low, v.High)
		}
	}
}

// With a normal limit the interval over images is mean ± 1.96 s/√n.
func TestIntervalOverImages(t *testing.T) {
	x := noise(2000, 9)
	low, high, ok := Interval([][]float64{x})
	mean, half := stat.Mean(x, nil), 1.96*stat.StdErr(stat.StdDev(x, nil), 2000)
	if !ok || math.Abs(low-(mean-half)) > 0.12*half || math.Abs(high-(mean+half)) > 0.12*half {
		t.Errorf("[%v, %v] %v, want %v ± %v", low, high, ok, mean, half)
	}
	// Seeds that agree image by image are no new information: the interval must not shrink.
	low3, high3, _ := Interval([][]float64{x, x, x})
	if math.Abs((high3-low3)-(high-low)) > 0.12*(high-low) {
		t.Errorf("three equal seeds give width %v, one gives %v", high3-low3, high-low)
	}
}

// Two seeds that differ by a constant: the mean of two drawn seeds is a, (a+b)/2 or b with chances 1/4, 1/2, 1/4,
// so the ends are a and b.
func TestIntervalOverSeeds(t *testing.T) {
	for _, images := range []int{1, 50} {
		a, b := make([]float64, images), plus(make([]float64, images), 4)
		low, high, ok := Interval([][]float64{a, b})
		if !ok || low != 0 || high != 4 {
			t.Errorf("%d images: [%v, %v] %v, want [0, 4]", images, low, high, ok)
		}
	}
	// Normal limit for many seeds: Student's interval, whose 97.5 % quantile for 39 degrees of freedom is 2.0227.
	const seeds = 40
	effect := noise(seeds, 3)
	var values [][]float64
	for _, e := range effect {
		values = append(values, plus(make([]float64, 3), e))
	}
	low, high, _ := Interval(values)
	want := 2.0227 * stat.StdErr(stat.StdDev(effect, nil), seeds)
	if math.Abs((high-low)/2-want) > 0.12*want {
		t.Errorf("half width %v, want %v", (high-low)/2, want)
	}
}

// TestCoverage draws many small samples whose true mean is 0. Plain percentiles would cover 86 % of them for one seed
// with 6 images. Where 3 seeds are all that matters, the truth is outside their range with chance 2/2³.
func TestCoverage(t *testing.T) {
	normal := rand.New(rand.NewPCG(1, 2)).NormFloat64
	for _, c := range []struct {
		seeds, images           int
		ofSeed, ofImage, ofBoth float64 // standard deviations
		want                    float64
	}{{1, 6, 0, 1, 0, 0.95}, {3, 6, 0.3, 1, 0.1, 0.95}, {3, 40, 1, 0.01, 0.01, 0.75}} {
		const trials = 500
		hits := 0
		for range trials {
			values := make([][]float64, c.seeds)
			for s := range values {
				values[s] = plus(make([]float64, c.images), c.ofSeed*normal())
			}
			for i := range c.images {
				effect := c.ofImage * normal()
				for s := range values {
					values[s][i] += effect + c.ofBoth*normal()
				}
			}
			if low, high, _ := Interval(values); low <= 0 && 0 <= high {
				hits++
			}
		}
		if share := float64(hits) / trials; math.Abs(share-c.want) > 0.03 { // the draws are fixed
			t.Errorf("%+v: the interval covers the truth %.1f %% of the time", c, 100*share)
		}
	}
}

func TestDifferenceInterval(t *testing.T) {
	base := noise(300, 5)
	// A constant shift has no spread, however much the images differ: this is what pairing is for.
	low, high, ok := DifferenceInterval([][]float64{plus(base, 0.25)}, [][]float64{base})
	if !ok || math.Abs(low-0.25) > 1e-12 || math.Abs(high-0.25) > 1e-12 {
		t.Errorf("[%v, %v] %v, want 0.25", low, high, ok)
	}
	// Seeds of both sides count: the ends are (0 - 3) and (1 - 0).
	flat := func(c float64) []float64 { return plus(make([]float64, 4), c) }
	low, high, _ = DifferenceInterval([][]float64{flat(0), flat(1)}, [][]float64{flat(0), flat(3)})
	if low != -3 || high != 1 {
		t.Errorf("[%v, %v], want [-3, 1]", low, high)
	}
}

func TestIntervalIsTheSameTomorrow(t *testing.T) {
	x := [][]float64{noise(20, 1), noise(20, 2)}
	low, high, _ := Interval(x)
	again, highAgain, _ := Interval(x)
	if low != again || high != highAgain {
		t.Error("two calls differ")
	}
	if low == high {
		t.Error("no width")
	}
}

func TestNoIntervalOfOneNumber(t *testing.T) {
	for _, v := range [][][]float64{nil, {{}}, {{3}}} {
		if _, _, ok := Interval(v); ok {
			t.Errorf("%v has an interval", v)
		}
	}
}

// By hand: of the 8 sign patterns of (1, 2, 3), sums ±6 occur twice, so p = 2/8; zeros count for both signs.
func TestSignFlipByHand(t *testing.T) {
	for _, c := range []struct {
		d    []float64
		want float64
	}{{[]float64{1, 2, 3}, 0.25}, {[]float64{0, 0}, 1}, {nil, 1}, {[]float64{1, -1}, 1}, {[]float64{0.1, 0.2, 0.3,
		0}, 0.25}} {
		if p, exact := SignFlip(c.d); p != c.want || !exact {
			t.Errorf("SignFlip(%v) = %v, %v; want %v", c.d, p, exact, c.want)
		}
	}
	// Nobody draws the one pattern in 2⁹⁹: p is the floor.
	if p, exact := SignFlip(plus(make([]float64, 100), 1)); p != 1.0/(Flips+1) || exact {
		t.Errorf("p = %v, exact %v", p, exact)
	}
}
