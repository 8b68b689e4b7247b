package methods

import (
	"fmt"
	"math"

	"darkroom/lib/physics"
	"darkroom/lib/sparse"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// CSC restores by convolutional sparse coding (Bristow, Eriksson & Lucey 2013, CVPR; Heide, Heidrich & Wetzstein 2015; Wohlberg 2014): the whole
// picture, less its smooth part, is a sum of small filters at few places,
//
//	min ½‖m∘(y − Σₖ dₖ∗xₖ)‖² + λ Σₖ‖xₖ‖₁ over x,  x̂ = Σₖ dₖ∗xₖ + the smooth part
//
// so that no patches are cut and averaged. λ is in units of the noise's deviation. The smooth part is the mean under a tent. Beyond the edges nothing is seen, so that
// filters may reach over them. The filters, of length 1 at most, are learnt from clean patches by turns: codes for the filters, filters for the codes
// (sparse.Convolutional), mini-batch by mini-batch.
type CSC struct {
	Posed
	Filters    int     `default:"32" range:"1:1024" help:"filters"`
	Side       int     `default:"8" range:"2:32" help:"side of the filters"`
	Smooth     int     `default:"8" range:"1:64" help:"radius of the tent whose mean is the smooth part"`
	Lambda     float64 `default:"2.5" range:"0:" help:"weight of the l1 norm, in units of the noise's deviation (at least 2/255)"`
	Tolerance  float64 `default:"0.002" range:"1e-7:1" help:"stop when the duality gap is this share of half the squared norm"`
	Iterations int     `default:"100" range:"5:100000" help:"stop after so many iterations at the latest"`
	Patch      int     `default:"40" range:"8:256" help:"side of the training patches"`
	Patches    int     `default:"320" range:"1:100000" help:"training patches"`
	Batch      int     `default:"16" range:"1:4096" help:"patches in a mini-batch"`
	Sparsity   float64 `default:"0.05" range:"0:" help:"λ while learning, for patches between 0 and 1"`
}

// Pose implements Method.
func (m *CSC) Pose(p Problem) error {
	if _, ok := physics.As[physics.Pixelwise](p.Operator); !ok && p.Operator != nil {
		return fmt.Errorf("csc: %s is more than noise or missing pixels, which a sparse code undoes; use tv or dncnn", p.Operator.Describe())
	}
	if p.Height > 0 && p.Height < m.Side {
		return fmt.Errorf("csc: patches of %d×%d are smaller than the filters of %d×%d; set patch to at least %d", p.Height, p.Height, m.Side, m.Side, m.Side)
	}
	return m.Posed.Pose(p)
}

// PatchSize implements Patcher.
func (m *CSC) PatchSize() int { return m.Patch }

// FitPatches implements PatchFitter.
func (m *CSC) FitPatches() int { return m.Patches }

// Fit implements Fitter. The filters begin as cosines.
func (m *CSC) Fit(run Runner, x Images) (map[string]Array, error) {
	cosines := sparse.OvercompleteDCT(m.Side, int(math.Ceil(math.Sqrt(float64(m.Filters+1)))))
	d := Array{[]int{m.Filters, m.Side, m.Side}, cosines.Atoms[m.Side*m.Side:][:m.Filters*m.Side*m.Side]} // without the constant one
	step := run.Compile(func(in []*Node) []*Node {
		rough, mask := m.rough(in[0], OnesLike(in[0]))
		c := sparse.Convolutional{Y: rough, D: in[1], Mask: mask, Lambda: m.Sparsity}
		return []*Node{c.Learn(c.ADMM(m.Tolerance, m.Iterations).A, 10)}
	})
	size := min(m.Batch, x.N*x.Channels)
	for from := 0; from+size <= x.N; from += size {
		batch := Array{[]int{size, x.Height, x.Width, 1}, nil}
		for i := range size {
			for k, v := range x.At(from + i) {
				if k%x.Channels == 0 {
					batch.Data = append(batch.Data, float32(v)/255)
				}
			}
		}
		out, err := step(batch, d)
		if err != nil {
			return nil, err
		}
		d = out[0]
	}
	return map[string]Array{"csc/filters": d}, nil
}

// Restore implements Restorer.
func (m *CSC) Restore(s *Scope, y, aux *Node) *Node {
	op, d := m.problem.Operator, y.Shape().Dimensions
	filters := s.At("csc").VariableWithShape("filters", shapes.Make(dtypes.Float32, m.Filters, m.Side, m.Side)).NodeValue(y.Graph())
	scale := MaxScalar(physics.Level(op, y), 2.0/255)
	seen := OnesLike(y)
	if p, ok := physics.As[physics.Pixelwise](op); ok {
		if gain := p.Gain(aux); gain != nil {
			seen = gain
		}
	}
	planes := func(v *Node) *Node { return Reshape(TransposeAllAxes(v, 0, 3, 1, 2), d[0]*d[3], d[1], d[2], 1) }
	y, seen = planes(Div(y, scale)), planes(seen)
	rough, mask := m.rough(y, seen)
	c := sparse.Convolutional{Y: rough, D: filters, Mask: mask, Lambda: m.Lambda}
	x := Slice(c.Sum(c.ADMM(m.Tolerance, m.Iterations).A), AxisRange(), AxisRange(0, d[1]), AxisRange(0, d[2]))
	x = Add(Reshape(x, d[0]*d[3], d[1], d[2], 1), m.smooth(y, seen))
	x = TransposeAllAxes(Reshape(x, d[0], d[3], d[1], d[2]), 0, 2, 3, 1)
	return Mul(x, scale)
}

// smooth is the mean of what is seen of planes [n, h, w, 1] under a tent, at least of the whole plane.
func (m *CSC) smooth(y, seen *Node) *Node {
	weight, sum := tent(seen, m.Smooth), tent(Mul(y, seen), m.Smooth)
	mean := Div(ReduceAndKeep(Mul(y, seen), ReduceSum, 1, 2, 3), MaxScalar(ReduceAndKeep(seen, ReduceSum, 1, 2, 3), 1e-6))
	return Div(Add(sum, MulScalar(mean, 1e-3)), AddScalar(weight, 1e-3))
}

// rough is what is seen less the smooth part, and where it is seen, both [n, height, width], lengthened by side−1 pixels that are not seen: what goes over
// one edge so does not come back at the other.
func (m *CSC) rough(y, seen *Node) (rough, mask *Node) {
	n, h, w := y.Shape().Dim(0), y.Shape().Dim(1), y.Shape().Dim(2)
	lengthen := func(v *Node) *Node {
		v = Concatenate([]*Node{v, Zeros(v.Graph(), shapes.Make(v.DType(), n, m.Side-1, w, 1))}, 1)
		v = Concatenate([]*Node{v, Zeros(v.Graph(), shapes.Make(v.DType(), n, h+m.Side-1, m.Side-1, 1))}, 2)
		return Reshape(v, n, h+m.Side-1, w+m.Side-1)
	}
	return lengthen(Mul(Sub(y, m.smooth(y, seen)), seen)), lengthen(seen)
}
