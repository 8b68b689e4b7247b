package methods

import (
	"fmt"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute"
)

// overlap is how pictures [n, h, w, c] are cut into overlapping square patches, [n·c·rows·cols, side²], and put together again.
type overlap struct {
	n, h, w, c, side, stride int
	rows, cols               grid
}

// grid is where patches begin along one axis: count of them, over size pixels.
type grid struct{ count, size int }

func positions(pixels, patch, stride int) grid {
	count := (pixels-patch+stride-1)/stride + 1
	return grid{count, (count-1)*stride + patch}
}

// spread pads the plane of the patches' pixel at offset to the whole axis.
func (g grid) spread(offset, stride int) compute.PadAxis {
	return compute.PadAxis{Start: offset, End: g.size - offset - (g.count-1)*stride - 1, Interior: stride - 1}
}

// poseOverlap refuses patches that leave pixels out, and operators that a sparse code of patches does not undo.
func poseOverlap(name string, p Problem, side, stride int) error {
	if stride > side {
		return fmt.Errorf("%s: stride %d is larger than the patch %d, so pixels would be left out; use a stride of at most %d", name, stride, side, side)
	}
	if _, ok := physics.As[physics.Pixelwise](p.Operator); !ok && p.Operator != nil {
		return fmt.Errorf("%s: %s is more than noise or missing pixels, which the sparse code of a patch undoes; use tv or dncnn", name, p.Operator.Describe())
	}
	return nil
}

// newOverlap panics with an error, which names the method and the parameter for the side, if the picture is smaller than a patch.
func newOverlap(name, parameter string, y *Node, side, stride int) overlap {
	d := y.Shape().Dimensions
	if d[1] < side || d[2] < side {
		panic(fmt.Errorf("%s: the picture is %d×%d, smaller than the patch of %d×%d; set %s to at most %d", name, d[2], d[1], side, side, parameter, min(d[1], d[2])))
	}
	return overlap{d[0], d[1], d[2], d[3], side, stride, positions(d[1], side, stride), positions(d[2], side, stride)}
}

// cut returns the patches of x. The edges are mirrored until the patches cover all.
func (o overlap) cut(x *Node) *Node {
	x = Reshape(TransposeAllAxes(x, 0, 3, 1, 2), o.n*o.c, o.h, o.w)
	x = mirror(mirror(x, 1, o.rows.size-o.h), 2, o.cols.size-o.w)
	var parts []*Node
	for i := range o.side {
		for j := range o.side {
			parts = append(parts, Slice(x, AxisRange(), AxisRange(i, i+(o.rows.count-1)*o.stride+1).Stride(o.stride), AxisRange(j, j+(o.cols.count-1)*o.stride+1).Stride(o.stride)))
		}
	}
	return Reshape(Stack(parts, -1), -1, o.side*o.side)
}

// sums puts the patches back and adds them up where they overlap, [n, h, w, c].
func (o overlap) sums(patches *Node) *Node {
	patches = Reshape(patches, o.n*o.c, o.rows.count, o.cols.count, o.side*o.side)
	zero := ScalarZero(patches.Graph(), patches.DType())
	var sum *Node
	for i := range o.side {
		for j := range o.side {
			plane := Squeeze(Slice(patches, AxisRange(), AxisRange(), AxisRange(), AxisElem(i*o.side+j)), -1)
			plane = Pad(plane, zero, compute.PadAxis{}, o.rows.spread(i, o.stride), o.cols.spread(j, o.stride))
			if sum == nil {
				sum = plane
			} else {
				sum = Add(sum, plane)
			}
		}
	}
	sum = Slice(sum, AxisRange(), AxisRange(0, o.h), AxisRange(0, o.w))
	return TransposeAllAxes(Reshape(sum, o.n, o.c, o.h, o.w), 0, 2, 3, 1)
}

// mean puts the patches back, each pixel being their mean by weights of the same shape, [n, h, w, c].
func (o overlap) mean(patches, weight *Node) *Node {
	return Div(o.sums(Mul(patches, weight)), o.sums(weight))
}

// seen is what sparse methods know of a measurement: its patches less their means, in units of the noise's deviation, which is taken to be at least
// 2/255.
type seen struct {
	overlap
	y, gain       *Node // Aᵀy and the mask, [n, h, w, c]; nil without one
	scale         *Node // [n, 1, 1, 1]
	signals, mask *Node // [patches, side²]; nil without one
	mean, count   *Node // [patches, 1]; count is what the mask shows
}

// see cuts the patches of a measurement, for a method whose parameter is their side.
func see(name, parameter string, op physics.Operator, y, aux *Node, side, stride int) seen {
	s := seen{overlap: newOverlap(name, parameter, y, side, stride), y: op.Adjoint(y, aux)}
	s.scale = MaxScalar(physics.Level(op, y), 2.0/255)
	if p, ok := physics.As[physics.Pixelwise](op); ok {
		s.gain = p.Gain(aux)
	}
	signals := s.cut(Div(s.y, s.scale))
	s.count = Scalar(y.Graph(), y.DType(), float64(side*side))
	if s.gain != nil {
		s.mask = s.cut(s.gain)
		s.count = AddScalar(ReduceAndKeep(s.mask, ReduceSum, -1), 1e-6)
	}
	s.mean = Div(ReduceAndKeep(signals, ReduceSum, -1), s.count)
	s.signals = Sub(signals, s.mean)
	return s
}

// average is the picture of the estimated patches [patches, side²], in the signals' units and less their means, averaged where they overlap with
// the measurement itself, weighted by keep times the number of patches that have a pixel at stride 1 (Elad & Aharon 2006, equation 4). Patches
// that are hidden have next to no weight.
func (s seen) average(estimate *Node, keep float64) *Node {
	estimate = Add(estimate, s.mean)
	weight := OnesLike(estimate)
	if s.mask != nil {
		weight = BroadcastToShape(Min(s.count, OnesLike(s.count)), estimate.Shape())
	}
	sum, total := Mul(s.sums(Mul(estimate, weight)), s.scale), s.sums(weight)
	own := DivScalar(ScalarOne(estimate.Graph(), estimate.DType()), float64(s.stride*s.stride))
	own = MulScalar(Div(own, s.scale), keep/255)
	if s.gain != nil {
		own = Mul(own, s.gain)
	}
	return Div(Add(sum, Mul(own, s.y)), Add(total, own))
}

// mirror lengthens an axis by reflecting its last pixels.
func mirror(x *Node, axis, by int) *Node {
	if by == 0 {
		return x
	}
	ranges := make([]SliceAxisSpec, axis+1)
	for i := range ranges {
		ranges[i] = AxisRange()
	}
	n := x.Shape().Dim(axis)
	ranges[axis] = AxisRange(n-1-by, n-1)
	return Concatenate([]*Node{x, Reverse(Slice(x, ranges...), axis)}, axis)
}
