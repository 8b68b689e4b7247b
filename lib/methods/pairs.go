package methods

import (
	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Pairs is embedded in networks that learn to restore from pairs: patches x, cut at random from the training pictures, flipped and turned, and
// their measurements y, made anew in every step. They minimise E‖f(y) − x‖² by Adam. Most of a photograph is smooth or out of focus, and there is
// little to learn from there: so patches may be cut from shrunken pictures, too, whose edges are sharper, and the roughest of several be taken.
type Pairs struct {
	Posed
	Patch        int     `default:"40" range:"8:256" help:"side of the training patches"`
	Batch        int     `default:"32" range:"1:4096" help:"patches in a training step"`
	LearningRate float64 `default:"0.001" range:"0:" help:"Adam's step size"`
	Decay        float64 `default:"0.5" range:"0:1" help:"share of the training, at its end, over which the step size falls linearly to 0"`
	Zooms        int     `default:"1" later:"true" range:"1:8" help:"patches are cut from the training pictures and from ones 2, …, this many times smaller"`
	Rough        int     `default:"1" later:"true" range:"1:64" help:"patches looked at for each that is taken, the roughest of them; 1 takes any"`
}

// BatchSize implements Trainable.
func (m *Pairs) BatchSize() int { return m.Batch }

// PatchSize implements Patcher.
func (m *Pairs) PatchSize() int { return m.Patch }

// PatchChoice implements Picky.
func (m *Pairs) PatchChoice() (zooms, rough int) { return m.Zooms, m.Rough }

// regress is the one objective, for a network whose variables live below "network": the mean squared error. clip bounds the gradient's norm; 0 is
// off.
func (m *Pairs) regress(clip float64, mse func(s *Scope, x *Node) *Node) []Objective {
	return m.objective(clip, func(s *Scope, x *Node) (loss, squared *Node) {
		e := mse(s, x)
		return e, e
	})
}

// objective is regress with a loss of its own beside the mean squared error, which the curve of the PSNR is made of.
func (m *Pairs) objective(clip float64, of func(s *Scope, x *Node) (loss, mse *Node)) []Objective {
	return []Objective{{
		Scopes:    []string{"network"},
		Optimizer: nn.Adam{LearningRate: m.LearningRate, Decay: m.Decay, UpdateConfig: nn.UpdateConfig{ClipNorm: clip}},
		Loss: func(s *Scope, b Batch) Loss {
			loss, mse := of(s, b.X)
			return Loss{loss, []Term{{"psnr", MulScalar(Log(mse), -4.342944819032518)}}} // −10·log₁₀
		},
	}}
}

// error is the mean squared error of a restorer on measurements of x.
func (m *Pairs) error(s *Scope, x *Node, restore func(s *Scope, y, aux *Node) *Node) *Node {
	y, aux := measure(s, m.problem.Operator, x)
	return ReduceAllMean(Square(Sub(restore(s, y, aux), x)))
}

// measure makes the measurements of a batch, with noise, and what goes with them.
func measure(s *Scope, op physics.Operator, x *Node) (y, aux *Node) {
	aux = op.DrawAux(s, x.Graph(), x.Shape())
	return physics.DrawNoise(op, s, op.Forward(x, aux)), aux
}
