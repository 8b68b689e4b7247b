package metrics

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
)

func TestKIDIsUnbiased(t *testing.T) {
	// Over many draws of two equal distributions the mean is 0 within its standard error, though each set is small.
	const draws, n, d = 400, 10, 4
	values := make([]float64, draws)
	var self float64 // of k(x, x), which a biased estimate would count
	for s := range values {
		x, y := gaussian(t, "x", n, d, 0.5, 1, uint64(2*s)), gaussian(t, "y", n, d, 0.5, 1, uint64(2*s+1))
		kid, err := KID(x, y, KIDOptions{Block: n})
		if err != nil {
			t.Fatal(err)
		}
		values[s] = kid.Value
		self += (kernelSum(x, x, false) - kernelSum(x, x, true)) / n / draws
	}
	mean, std := stat.MeanStdDev(values, nil)
	se := std / math.Sqrt(draws)
	if math.Abs(mean) > 3*se {
		t.Errorf("mean %v ± %v over %d draws, want 0", mean, se, draws)
	}
	if bias := 2 * self / n; bias < 10*se { // else the test could not tell
		t.Errorf("a biased estimate would be off by %v, the standard error is %v", bias, se)
	}
}

func TestKIDOfTwoPointsEach(t *testing.T) {
	// x = 1, 2 and y = 0, 3 in one dimension, k = (xy + 1)³: within (27 + 27 + 1 + 1)/2, across 2 (1 + 64 + 1 + 343)/4.
	x, y := featuresOf(t, "x", 2, 1, []float64{1, 2}), featuresOf(t, "y", 2, 1, []float64{0, 3})
	got, err := KID(x, y, KIDOptions{Block: 2})
	if want := 28 - 409.0/2; err != nil || !near(got.Value, want, 1e-12) || got.Low != got.High {
		t.Errorf("KID %+v, %v, want %v", got, err, want)
	}
}

func TestKIDBlocks(t *testing.T) {
	x, y := gaussian(t, "x", 205, 4, 0, 1, 1), gaussian(t, "y", 330, 4, 0.3, 1, 2)
	get := func(o KIDOptions) Score {
		t.Helper()
		s, err := KID(x, y, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a := get(KIDOptions{})
	if len(a.Parts) != 10 || !strings.Contains(a.Protocol, "10 blocks of 20 that share no picture, seed 0") {
		t.Errorf("%d parts, protocol %q", len(a.Parts), a.Protocol)
	}
	if !near(a.Value, stat.Mean(a.Parts, nil), 1e-12) || a.Low >= a.Value || a.High <= a.Value {
		t.Errorf("%v in %v to %v, parts %v", a.Value, a.Low, a.High, a.Parts)
	}
	if b := get(KIDOptions{}); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("the same seed gives %v and %v", a, b)
	}
	if b := get(KIDOptions{Seed: 1}); a.Value == b.Value || a.Protocol == b.Protocol {
		t.Errorf("another seed gives the same: %v", b)
	}
	if b := get(KIDOptions{Block: 100}); len(b.Parts) != 2 {
		t.Errorf("%d parts, want 2", len(b.Parts))
	}
	for _, block := range []int{-1, 1, 206} {
		if _, err := KID(x, y, KIDOptions{Block: block}); err == nil || !strings.Contains(err.Error(), "205 x and 330 y; give one from 2 to 205") {
			t.Errorf("block %d: error is %v", block, err)
		}
	}
}
