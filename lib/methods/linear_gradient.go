package methods

import (
	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// LinearGradient is Linear whose weights are found by descent on new patches in every step, as a network's are.
type LinearGradient struct {
	Pairs
	Window int `default:"9" range:"1:31" help:"side of the window, odd"`
}

// Pose implements Method.
func (m *LinearGradient) Pose(p Problem) error {
	if err := odd("linear-gradient", "window", m.Window); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// Objectives implements Trainable.
func (m *LinearGradient) Objectives() []Objective {
	return m.regress(0, func(s *Scope, x *Node) *Node { return m.error(s, x, m.Restore) })
}

// Restore implements Restorer.
func (m *LinearGradient) Restore(s *Scope, y, aux *Node) *Node {
	return affine(s.At("network"), physics.Start(m.problem.Operator, y, aux), m.Window)
}

// Reach implements Local.
func (m *LinearGradient) Reach() int { return m.Window/2 + startReach(m.problem.Operator) }

// affine is Wy + b at each pixel, with grey, ½, for the origin: the weights are found sooner so.
func affine(s *Scope, y *Node, window int) *Node {
	d := y.Shape().Dimensions
	y = Reshape(TransposeAllAxes(AddScalar(y, -0.5), 0, 3, 1, 2), d[0]*d[3], d[1], d[2], 1) // each channel by itself
	x := nn.Conv(s, y, nn.ConvConfig{Filters: 1, Kernel: window, Padding: nn.PadReflect, Init: nn.Normal(s, 0.01)})
	return AddScalar(TransposeAllAxes(Reshape(x, d[0], d[3], d[1], d[2]), 0, 2, 3, 1), 0.5)
}
