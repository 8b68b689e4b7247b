package metrics_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"darkroom/lib/metrics"
)

func ExampleCompare() {
	truth := metrics.Mask{Height: 2, Width: 3, Regions: 2, Of: []uint8{1, 1, 0, 1, 0, 0}}
	x := metrics.Mask{Height: 2, Width: 3, Regions: 2, Of: []uint8{1, 0, 0, 1, 1, 0}}
	o, err := metrics.Compare(truth, x)
	fmt.Printf("%.3f %.3f %.3f %v\n", o.IoU, o.Dice, o.Accuracy, err)
	// Output:
	// [0.500 0.500] [0.667 0.667] 0.667 <nil>
}

// square is a mask of side×side with a filled square of region 1, whose upper left corner is given.
func square(side, top, left, size int) metrics.Mask {
	m := metrics.Mask{Height: side, Width: side, Regions: 3, Of: make([]uint8, side*side)}
	for y := range size {
		for x := range size {
			m.Of[(top+y)*side+left+x] = 1
		}
	}
	return m
}

// TestBoundaryF: a square of side 10, moved to the right by d, has a boundary of 36 pixels of which those farther than the tolerance from
// the other's are counted by hand.
func TestBoundaryF(t *testing.T) {
	truth := square(30, 5, 5, 10)
	for _, c := range []struct {
		moved     int
		tolerance float64
		want      float64 // of region 1
	}{
		{0, 0, 1},
		{1, 1, 1},
		{3, 0, 14.0 / 36}, // the rows above and below overlap in 7 pixels each
		{3, 2, 22.0 / 36}, // 2 more of each of these rows, and 2 at each end of the column that crosses them
		{12, 1.5, 0},
	} {
		f, err := metrics.BoundaryF(truth, square(30, 5, 5+c.moved, 10), c.tolerance)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(f[1]-c.want) > 1e-12 || f[2] != 1 {
			t.Errorf("moved by %d, tolerance %g: %v, want %g of region 1, and 1 of region 2, which is nowhere", c.moved, c.tolerance, f, c.want)
		}
	}
	if f, err := metrics.BoundaryF(truth, square(30, 0, 0, 0), 2); err != nil || f[1] != 0 {
		t.Errorf("nothing was found: %v, %v", f, err)
	}
	for want, bad := range map[string]metrics.Mask{
		"cannot be compared": square(29, 0, 0, 1),
		"of region 3, but there are 3": {Height: 30, Width: 30, Regions: 3, Of: func() []uint8 {
			v := make([]uint8, 900)
			v[7] = 3
			return v
		}()},
		"has 5 pixels": {Height: 30, Width: 30, Regions: 3, Of: make([]uint8, 5)},
	} {
		if _, err := metrics.BoundaryF(truth, bad, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := metrics.Compare(truth, bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
