package methods

import (
	"fmt"
	"math"

	"darkroom/lib/physics"
	"darkroom/lib/sparse"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
)

// FISTA restores by sparse representation of all overlapping patches over a fixed overcomplete cosine dictionary (Beck & Teboulle
// 2009; dictionary and averaging of Elad & Aharon 2006, arXiv-free: IEEE TIP 15(12)):
//
//	â = argmin ‖m∘(y − Da)‖² + 2λ‖a‖₁ for each patch less its mean,  x̂ = average of the patches Dâ + mean
//
// It needs no training. It stops by duality gap, all patches of a picture in one XLA program.
type FISTA struct {
	Posed
	Patch      int     `default:"8" range:"2:32" help:"side of the patches"`
	Atoms      int     `default:"16" range:"2:64" help:"cosines for each direction; the dictionary has their square"`
	Stride     int     `default:"2" range:"1:32" help:"pixels between neighbouring patches"`
	Lambda     float64 `default:"1.9" range:"0:" help:"weight of the l1 norm, in units of the noise's deviation (at least 2/255)"`
	Tolerance  float64 `default:"0.001" range:"1e-7:1" help:"stop when the duality gap is this share of half the squared norm"`
	Iterations int     `default:"500" range:"1:100000" help:"stop after so many iterations at the latest"`
}

// Pose implements Method.
func (m *FISTA) Pose(p Problem) error {
	if m.Stride > m.Patch {
		return fmt.Errorf("fista: stride %d is larger than the patch %d, so pixels would be left out; use a stride of at most %d", m.Stride, m.Patch, m.Patch)
	}
	if _, ok := physics.As[physics.Pixelwise](p.Operator); !ok && p.Operator != nil {
		return fmt.Errorf("fista: %s is more than noise or missing pixels, which the sparse code of a patch undoes; use tv or dncnn", p.Operator.Describe())
	}
	return m.Posed.Pose(p)
}

// Restore implements Restorer.
func (m *FISTA) Restore(_ *Scope, y, aux *Node) *Node {
	d := y.Shape().Dimensions
	n, h, w, c := d[0], d[1], d[2], d[3]
	if h < m.Patch || w < m.Patch {
		panic(fmt.Errorf("fista: the picture is %d×%d, smaller than the patch of %d×%d; set patch to at most %d", w, h, m.Patch, m.Patch, min(h, w)))
	}
	rows, cols := positions(h, m.Patch, m.Stride), positions(w, m.Patch, m.Stride)
	planes := func(x *Node) *Node { // channels become pictures, and the edges are mirrored until the patches cover all
		x = Reshape(TransposeAllAxes(x, 0, 3, 1, 2), n*c, h, w)
		return mirror(mirror(x, 1, rows.size-h), 2, cols.size-w)
	}
	patches := func(x *Node) *Node { // [planes, h, w] to [planes·rows·cols, patch²]
		var parts []*Node
		for i := range m.Patch {
			for j := range m.Patch {
				parts = append(parts, Slice(x, AxisRange(), AxisRange(i, i+(rows.count-1)*m.Stride+1).Stride(m.Stride), AxisRange(j, j+(cols.count-1)*m.Stride+1).Stride(m.Stride)))
			}
		}
		return Reshape(Stack(parts, -1), -1, m.Patch*m.Patch)
	}
	signal := patches(planes(m.problem.Operator.Adjoint(y, aux)))
	var seen *Node
	count := Scalar(y.Graph(), y.DType(), float64(m.Patch*m.Patch))
	if aux != nil {
		seen = patches(planes(aux))
		count = AddScalar(ReduceAndKeep(seen, ReduceSum, -1), 1e-6)
	}
	mean := Div(ReduceAndKeep(signal, ReduceSum, -1), count)

	dict := sparse.OvercompleteDCT(m.Patch, m.Atoms)
	norm2, err := dict.Norm2()
	if err != nil {
		panic(err)
	}
	D := ConstTensor(y.Graph(), tensors.FromFlatDataAndDimensions(dict.Atoms, dict.Count, dict.Size))
	lambda := m.Lambda * math.Max(m.problem.Operator.Sigma(), 2.0/255)
	s := sparse.FISTA(sparse.Lasso{Y: Sub(signal, mean), Mask: seen, D: D, Lambda: lambda, Norm2: norm2}, m.Tolerance, m.Iterations)
	estimate := Reshape(Add(MatMul(s.A, D), mean), n*c, rows.count, cols.count, m.Patch*m.Patch)

	// Put the patches back, each pixel of a patch in one plane, and average those that had something to see.
	assemble := func(patches *Node) (sum *Node) {
		zero := ScalarZero(y.Graph(), y.DType())
		for i := range m.Patch {
			for j := range m.Patch {
				plane := Squeeze(Slice(patches, AxisRange(), AxisRange(), AxisRange(), AxisElem(i*m.Patch+j)), -1)
				plane = Pad(plane, zero, compute.PadAxis{}, rows.spread(i, m.Stride), cols.spread(j, m.Stride))
				if sum == nil {
					sum = plane
				} else {
					sum = Add(sum, plane)
				}
			}
		}
		return sum
	}
	weight := OnesLike(estimate)
	if seen != nil {
		any := Min(count, OnesLike(count)) // 1, or nearly 0 for a patch that is hidden
		weight = BroadcastToShape(Reshape(any, n*c, rows.count, cols.count, 1), estimate.Shape())
	}
	x := Div(assemble(Mul(estimate, weight)), assemble(weight))
	x = Slice(x, AxisRange(), AxisRange(0, h), AxisRange(0, w))
	return TransposeAllAxes(Reshape(x, n, c, h, w), 0, 2, 3, 1)
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
