package metrics

import (
	"fmt"
	"math"
)

// Mask says of each pixel, row by row, which region it belongs to, by a number below Regions.
type Mask struct {
	Height, Width, Regions int
	Of                     []uint8
}

func (m Mask) check(x Mask) error {
	if m.Height != x.Height || m.Width != x.Width || m.Regions != x.Regions {
		return fmt.Errorf("masks of %d×%d with %d regions and of %d×%d with %d cannot be compared", m.Width, m.Height, m.Regions, x.Width, x.Height, x.Regions)
	}
	for _, k := range []Mask{m, x} {
		if len(k.Of) != k.Height*k.Width || len(k.Of) == 0 {
			return fmt.Errorf("a mask of %d×%d has %d pixels", k.Width, k.Height, len(k.Of))
		}
		for i, v := range k.Of {
			if int(v) >= k.Regions {
				return fmt.Errorf("pixel %d of a mask is of region %d, but there are %d", i, v, k.Regions)
			}
		}
	}
	return nil
}

// Overlap is how well a segmentation agrees with the truth.
type Overlap struct {
	// IoU is |A ∩ B| / |A ∪ B| (Jaccard 1912), and Dice 2|A ∩ B| / (|A| + |B|) (Dice 1945), of the pixels A and B of each region; 1 for a
	// region that is in neither mask.
	IoU, Dice []float64
	// Accuracy is the share of pixels that are in the right region.
	Accuracy float64
}

// Compare measures the overlap of x with the truth. The error says why the masks cannot be compared.
func Compare(truth, x Mask) (Overlap, error) {
	if err := truth.check(x); err != nil {
		return Overlap{}, err
	}
	both, inTruth, inX := make([]float64, truth.Regions), make([]float64, truth.Regions), make([]float64, truth.Regions)
	right := 0.0
	for i, t := range truth.Of {
		inTruth[t]++
		inX[x.Of[i]]++
		if x.Of[i] == t {
			both[t]++
			right++
		}
	}
	o := Overlap{Accuracy: right / float64(len(truth.Of))}
	for k, n := range both {
		iou, dice := 1.0, 1.0
		if sum := inTruth[k] + inX[k]; sum > 0 {
			iou, dice = n/(sum-n), 2*n/sum
		}
		o.IoU, o.Dice = append(o.IoU, iou), append(o.Dice, dice)
	}
	return o, nil
}

// BoundaryF is the F1 score of each region's boundary (Csurka, Larlus & Perronnin 2013, What is a good evaluation measure for semantic
// segmentation?, BMVC): of the share of x's boundary pixels that lie within the tolerance, in pixels, of the truth's, and the share of the
// truth's within that of x's. A pixel is on a region's boundary if it is in it and one of its four neighbours is not. It is 1 for a region that has a
// boundary in neither mask, and 0 for one that has it in one alone.
func BoundaryF(truth, x Mask, tolerance float64) ([]float64, error) {
	if err := truth.check(x); err != nil {
		return nil, err
	}
	var out []float64
	for k := range truth.Regions {
		a, b := truth.boundary(uint8(k)), x.boundary(uint8(k))
		recall, n := nearby(a, b, truth.Height, truth.Width, tolerance)
		precision, m := nearby(b, a, truth.Height, truth.Width, tolerance)
		switch {
		case n == 0 && m == 0:
			out = append(out, 1)
		case precision+recall == 0:
			out = append(out, 0)
		default:
			out = append(out, 2*precision*recall/(precision+recall))
		}
	}
	return out, nil
}

// boundary says which pixels are on a region's boundary.
func (m Mask) boundary(k uint8) []bool {
	out := make([]bool, len(m.Of))
	other := func(y, x int) bool {
		return y >= 0 && y < m.Height && x >= 0 && x < m.Width && m.Of[y*m.Width+x] != k
	}
	for i, v := range m.Of {
		y, x := i/m.Width, i%m.Width
		out[i] = v == k && (other(y-1, x) || other(y+1, x) || other(y, x-1) || other(y, x+1))
	}
	return out
}

// nearby is the share of the n pixels of a that have one of b within the tolerance; 0 if there are none.
func nearby(a, b []bool, height, width int, tolerance float64) (share float64, n int) {
	r := int(math.Floor(tolerance))
	found := 0
	for i, on := range a {
		if !on {
			continue
		}
		n++
		if within(b, i/width, i%width, height, width, r, tolerance) {
			found++
		}
	}
	if n == 0 {
		return 0, 0
	}
	return float64(found) / float64(n), n
}

func within(b []bool, y, x, height, width, r int, tolerance float64) bool {
	for v := max(y-r, 0); v <= min(y+r, height-1); v++ {
		for u := max(x-r, 0); u <= min(x+r, width-1); u++ {
			if b[v*width+u] && math.Hypot(float64(v-y), float64(u-x)) <= tolerance {
				return true
			}
		}
	}
	return false
}
