package nn

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// PadMode says what lies beyond the edge of an image.
type PadMode string

// The pad modes.
const (
	PadZero      PadMode = "zero"      // 0
	PadReflect   PadMode = "reflect"   // the image mirrored at its last pixel, which is not repeated
	PadReplicate PadMode = "replicate" // the last pixel
)

// PadImage lengthens images [batch, height, width, channels] by n pixels on each of the four sides. A reflection needs images of more than n
// pixels a side.
func PadImage(x *Node, n int, mode PadMode) *Node {
	b := block{"PadImage", nil}
	b.image(x)
	if n < 0 {
		b.fail("%d pixels; give 0 or more, or use nn.CropImage", n)
	}
	if mode != PadZero && mode != PadReflect && mode != PadReplicate {
		b.fail("unknown mode %q; use zero, reflect or replicate", mode)
	}
	b.reflection(x, n, 1, mode)
	b.reflection(x, n, 2, mode)
	for axis := 1; axis <= 2; axis++ {
		x = padAxis(x, axis, [2]int{n, n}, mode)
	}
	return x
}

// padAxis lengthens one axis by some pixels before and after it.
func padAxis(x *Node, axis int, by [2]int, mode PadMode) *Node {
	size := x.Shape().Dim(axis)
	edge := func(n, end int) *Node { // n pixels beyond the pixel at an end
		switch mode {
		case PadReflect:
			from := 1
			if end > 0 {
				from = end - n
			}
			return flip(along(x, axis, from, from+n), axis)
		case PadReplicate:
			shape := x.Shape().Clone()
			shape.Dimensions[axis] = n
			return BroadcastToShape(along(x, axis, end, end+1), shape)
		default:
			return zerosAlong(x, axis, n)
		}
	}
	var parts []*Node
	if by[0] > 0 {
		parts = append(parts, edge(by[0], 0))
	}
	parts = append(parts, x)
	if by[1] > 0 {
		parts = append(parts, edge(by[1], size-1))
	}
	if len(parts) == 1 {
		return x
	}
	return Concatenate(parts, axis)
}

// CropImage takes n pixels away on each of the four sides.
func CropImage(x *Node, n int) *Node {
	checkImage("CropImage", x)
	d := x.Shape().Dimensions
	if n < 0 || 2*n >= min(d[1], d[2]) {
		panic(fmt.Errorf("nn.CropImage: %d pixels on each side of %s leave nothing", n, x.Shape()))
	}
	return along(along(x, 1, n, d[1]-n), 2, n, d[2]-n)
}

// along is x[from:to] along one axis, with a gradient that has one itself: GoMLX's ends in Pad, which has none.
func along(x *Node, axis, from, to int) *Node {
	ranges := make([]SliceAxisSpec, axis+1)
	for i := range ranges {
		ranges[i] = AxisRange()
	}
	ranges[axis] = AxisRange(from, to)
	return withGradient(Slice(x, ranges...), func(v *Node) []*Node {
		return []*Node{padAxis(v, axis, [2]int{from, x.Shape().Dim(axis) - to}, PadZero)}
	})
}

// zerosAlong has the shape of v, but n along one axis.
func zerosAlong(v *Node, axis, n int) *Node {
	shape := v.Shape().Clone()
	shape.Dimensions[axis] = n
	return Zeros(v.Graph(), shape)
}

// flip is Reverse with its gradient.
func flip(x *Node, axes ...int) *Node {
	return withGradient(Reverse(x, axes...), func(v *Node) []*Node { return []*Node{flip(v, axes...)} })
}
