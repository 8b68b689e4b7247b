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
	checkImage("PadImage", x)
	for axis := 1; axis <= 2; axis++ {
		x = padAxis(x, axis, n, mode)
	}
	return x
}

func padAxis(x *Node, axis, n int, mode PadMode) *Node {
	size := x.Shape().Dim(axis)
	switch {
	case n < 0:
		panic(fmt.Errorf("nn.PadImage: %d pixels; give 0 or more, or use nn.CropImage", n))
	case n == 0:
		return x
	case mode == PadReflect && n >= size:
		panic(fmt.Errorf("nn.PadImage: a reflection by %d pixels needs more than %d, but x is %s", n, n, x.Shape()))
	}
	shape := x.Shape().Clone()
	shape.Dimensions[axis] = n
	switch mode {
	case PadZero:
		zeros := zerosAlong(x, axis, n)
		return Concatenate([]*Node{zeros, x, zeros}, axis)
	case PadReflect:
		return Concatenate([]*Node{flip(along(x, axis, 1, n+1), axis), x, flip(along(x, axis, size-1-n, size-1), axis)}, axis)
	case PadReplicate:
		return Concatenate([]*Node{
			BroadcastToShape(along(x, axis, 0, 1), shape), x, BroadcastToShape(along(x, axis, size-1, size), shape),
		}, axis)
	}
	panic(fmt.Errorf("nn.PadImage: unknown mode %q; use zero, reflect or replicate", mode))
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
		parts := []*Node{v}
		if from > 0 {
			parts = append([]*Node{zerosAlong(v, axis, from)}, parts...)
		}
		if rest := x.Shape().Dim(axis) - to; rest > 0 {
			parts = append(parts, zerosAlong(v, axis, rest))
		}
		return []*Node{Concatenate(parts, axis)}
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
