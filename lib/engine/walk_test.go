package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/lab"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestBetween(t *testing.T) {
	half := float32(math.Sqrt(0.5))
	for _, c := range []struct {
		a, b      []float32
		at        float64
		spherical bool
		want      []float32
	}{
		{[]float32{1, 0}, []float32{0, 3}, 0.5, false, []float32{0.5, 1.5}},
		{[]float32{1, 0}, []float32{0, 1}, 0.5, true, []float32{half, half}},
		{[]float32{1, 0}, []float32{0, 1}, 1.0 / 3, true, []float32{float32(math.Sqrt(3)) / 2, 0.5}}, // 30 of 90 degrees
		{[]float32{1, 2}, []float32{-3, 1}, 0, true, []float32{1, 2}},
		{[]float32{1, 2}, []float32{-3, 1}, 1, true, []float32{-3, 1}},
		{[]float32{1, 2}, []float32{1, 2}, 0.3, true, []float32{1, 2}}, // no angle between them
	} {
		got := between(c.a, c.b, c.at, c.spherical)
		for i := range got {
			if math.Abs(float64(got[i]-c.want[i])) > 1e-6 {
				t.Errorf("%v at %g between %v and %v, want %v", got, c.at, c.a, c.b, c.want)
			}
		}
	}
}

// TestWalk: the ends of a row are draws, its steps are equal, the next row has ends of its own, and batches do not matter.
func TestWalk(t *testing.T) {
	draws := func(d lab.Draw, batches ...int) (z []float32) {
		t.Helper()
		for _, n := range batches {
			next, err := noise(d, n, 3)
			if err != nil {
				t.Fatal(err)
			}
			for len(z) < 3*8 {
				z = append(z, tensors.MustCopyFlatData[float32](next())...)
			}
		}
		return z[:24]
	}
	z := draws(lab.Draw{Seed: 5, Walk: "linear", Row: 4}, 8)
	if !slices.Equal(z, draws(lab.Draw{Seed: 5, Walk: "linear", Row: 4}, 3)) {
		t.Error("a walk depends on the size of the batches")
	}
	free := draws(lab.Draw{Seed: 5}, 8)
	if !slices.Equal(z[:3], free[:3]) || !slices.Equal(z[9:12], free[3:6]) || !slices.Equal(z[12:15], free[6:9]) {
		t.Errorf("the ends of the rows are no draws: %v, %v", z, free)
	}
	for k := range 3 {
		if a, b := z[3+k]-z[k], z[6+k]-z[3+k]; math.Abs(float64(a-b)) > 1e-6 {
			t.Errorf("the steps are %v and %v", a, b)
		}
	}
	if fmt.Sprint(z) == fmt.Sprint(draws(lab.Draw{Seed: 5, Walk: "spherical", Row: 4}, 8)) {
		t.Error("an arc is a straight line")
	}
	truncated := draws(lab.Draw{Seed: 5, Truncation: 0.5}, 8)
	if m := slices.Max(truncated); m > 0.5 || m < 0.3 || -slices.Min(truncated) > 0.5 {
		t.Errorf("noise within ±0.5 is %v", truncated)
	}
	if at := slices.IndexFunc(free, func(v float32) bool { return math.Abs(float64(v)) <= 0.5 }); truncated[0] != free[at] {
		t.Errorf("the first within ±0.5 of %v is not %v", free, truncated[0])
	}
	for d, want := range map[lab.Draw]string{
		{Walk: "sperical", Row: 4}: `walk = "sperical" (did you mean "spherical"?); walk linear or spherical`,
		{Walk: "linear", Row: 1}:   "row = 1 images",
		{Truncation: -1}:           "truncation = -1, but",
		{Truncation: 0.001}:        "at least 0.01",
		{Truncation: math.NaN()}:   "truncation = NaN",
	} {
		var misuse UsageError
		if _, err := noise(d, 8, 3); !errors.As(err, &misuse) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
