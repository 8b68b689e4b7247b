package methods

import (
	"math"

	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/gomlx/core/tensors"
)

// PatchMLP maps a patch to a patch by a plain neural network (Burger, Schuler & Harmeling 2012, Image denoising: can plain neural networks compete
// with BM3D?, CVPR):
//
//	f(y) = b_L + W_L tanh(… tanh(b₁ + W₁y))
//
// Pixels go in as (y − ½)/0.2, and the patches that overlap in a pixel are averaged by Gaussian weights. The paper's best has patches of
// 17×17, four layers of 2047 units and 3.6·10⁸ training patches; the default here trains in minutes.
type PatchMLP struct {
	Pairs
	Window int    `default:"13" range:"2:64" help:"side of the patches that the network sees"`
	Hidden Widths `default:"512,512" range:"1:8192" help:"units of the hidden layers"`
	Stride int    `default:"3" range:"1:64" help:"pixels between neighbouring patches"`
}

// Pose implements Method.
func (m *PatchMLP) Pose(p Problem) error {
	if err := windowFits("mlp", m.Window, m.Stride, p); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// Objectives implements Trainable.
func (m *PatchMLP) Objectives() []Objective {
	return m.regress(0, func(s *Scope, x *Node) *Node {
		y, aux := measure(s, m.problem.Operator, x)
		y = physics.Start(m.problem.Operator, y, aux)
		p := newOverlap("mlp", "window", x, m.Window, m.Stride)
		return ReduceAllMean(Square(Sub(m.network(s, p.cut(y)), p.cut(x))))
	})
}

// Restore implements Restorer.
func (m *PatchMLP) Restore(s *Scope, y, aux *Node) *Node {
	y = physics.Start(m.problem.Operator, y, aux)
	p := newOverlap("mlp", "window", y, m.Window, m.Stride)
	x := m.network(s, p.cut(y))
	return p.mean(x, BroadcastToShape(bell(x.Graph(), m.Window), x.Shape()))
}

// network maps patches [n, window²] to patches.
func (m *PatchMLP) network(s *Scope, y *Node) *Node {
	s = s.At("network")
	h := MulScalar(AddScalar(y, -0.5), 5)
	for i, units := range m.Hidden {
		layer := s.At("layer%d", i+1)
		h = Tanh(nn.Dense(layer, h, units, nn.Glorot(layer)))
	}
	last := s.At("layer%d", len(m.Hidden)+1)
	h = nn.Dense(last, h, y.Shape().Dim(1), nn.Glorot(last))
	return AddScalar(MulScalar(h, 0.2), 0.5)
}

// bell are the weights [1, side²] of a patch's pixels: a Gaussian that falls to 1/e² in the middle of the patch's edges.
func bell(g *Graph, side int) *Node {
	w := make([]float32, side*side)
	for i := range w {
		y, x := float64(2*(i/side)+1)/float64(side)-1, float64(2*(i%side)+1)/float64(side)-1
		w[i] = float32(math.Exp(-2 * (y*y + x*x)))
	}
	return ConstTensor(g, tensors.FromFlatDataAndDimensions(w, 1, side*side))
}
