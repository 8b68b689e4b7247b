package methods

import (
	"slices"

	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Autoencoder sends patches through a narrow code (Hinton & Salakhutdinov 2006, Science 313):
//
//	x̂ = g(h(y)),  h and g networks of mirrored layers, h(y) the code
//
// which patches have room in and noise has not: patch-pca is the best that linear layers could do. It learns to make the clean patch from the
// measured one (Vincent et al. 2008, ICML). The paper trains logistic units layer by layer first, as Boltzmann machines; rectified ones do
// not need it. Patches overlap, and are averaged.
type Autoencoder struct {
	Pairs
	Window int    `default:"12" range:"2:64" help:"side of the patches that are encoded"`
	Code   int    `default:"32" range:"1:4096" help:"size of the code"`
	Hidden Widths `default:"512,256" range:"1:8192" help:"units of the layers before the code; behind it they come in reverse"`
	Stride int    `default:"2" range:"1:64" help:"pixels between neighbouring patches"`
}

// Pose implements Method.
func (m *Autoencoder) Pose(p Problem) error {
	if err := codeFits("autoencoder", m.Code, m.Window); err != nil {
		return err
	}
	if err := windowFits("autoencoder", m.Window, m.Stride, p); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// Objectives implements Trainable.
func (m *Autoencoder) Objectives() []Objective {
	return m.regress(0, func(s *Scope, x *Node) *Node {
		y, aux := measure(s, m.problem.Operator, x)
		p := newOverlap("autoencoder", "window", x, m.Window, m.Stride)
		return ReduceAllMean(Square(Sub(m.network(s, p.cut(physics.Start(m.problem.Operator, y, aux))), p.cut(x))))
	})
}

// Restore implements Restorer.
func (m *Autoencoder) Restore(s *Scope, y, aux *Node) *Node {
	y = physics.Start(m.problem.Operator, y, aux)
	p := newOverlap("autoencoder", "window", y, m.Window, m.Stride)
	x := m.network(s, p.cut(y))
	return p.mean(x, OnesLike(x))
}

// network maps patches [n, window²] to patches.
func (m *Autoencoder) network(s *Scope, y *Node) *Node {
	s = s.At("network")
	layer := 0
	dense := func(h *Node, units int) *Node {
		layer++
		at := s.At("layer%d", layer)
		return nn.Dense(at, h, units, nn.He(at))
	}
	h := MulScalar(AddScalar(y, -0.5), 4)
	for _, units := range m.Hidden {
		h = nn.ReLU(dense(h, units))
	}
	h = dense(h, m.Code) // linear, as the paper's
	for _, units := range slices.Backward(m.Hidden) {
		h = nn.ReLU(dense(h, units))
	}
	return AddScalar(MulScalar(dense(h, y.Shape().Dim(1)), 0.25), 0.5)
}
