package engine

import "fmt"

// tiling cuts an axis of a picture into tiles of one size, which overlap. At a tile's edge that lies inside the picture, margin pixels are
// not used, since the method saw too little around them, and over the next feather pixels the tile gives way to its neighbour.
type tiling struct {
	pixels, tile, margin, feather int
	starts                        []int
}

// newTiling has one tile where the axis is no longer than that.
func newTiling(pixels, tile, margin, feather int) (tiling, error) {
	t := tiling{pixels, min(tile, pixels), margin, feather, []int{0}}
	step := t.tile - 2*margin - feather
	if t.tile == pixels {
		return t, nil
	}
	if step < 1 {
		return t, fmt.Errorf("tiles of %d pixels are too small: they overlap by %d; use at least %d", tile, 2*margin+feather, leastTile(margin, feather))
	}
	for at := step; at < pixels-t.tile; at += step {
		t.starts = append(t.starts, at)
	}
	t.starts = append(t.starts, pixels-t.tile) // the last one is moved back, so that it has the size of the others
	return t, nil
}

// leastTile is the smallest tile of which at least a quarter, along each axis, is new.
func leastTile(margin, feather int) int { return max(16, (2*margin+feather)*4/3+1) }

// weights are how much each pixel of the tile that begins at start counts.
func (t tiling) weights(start int) []float32 {
	w := make([]float32, t.tile)
	ramp := func(inside int) float32 { // inside pixels from the edge
		if inside < t.margin {
			return 0
		}
		if t.feather == 0 {
			return 1
		}
		return min(1, float32(inside-t.margin+1)/float32(t.feather+1))
	}
	for i := range w {
		w[i] = 1
		if start > 0 {
			w[i] = ramp(i)
		}
		if start+t.tile < t.pixels {
			w[i] *= ramp(t.tile - 1 - i)
		}
	}
	return w
}
