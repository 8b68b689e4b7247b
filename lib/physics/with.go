package physics

import (
	"math"
	"math/rand/v2"

	"darkroom/lib/lab"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go

	"github.com/gomlx/gomlx/ml/model"
)

// With is an operator whose measurement has more noise: "gaussian2+denoise5" is a blur and then Gaussian noise. Noise is one whose A is the
// identity.
type With struct {
	Operator
	Noise Operator
}

// Describe implements Operator.
func (w With) Describe() string { return w.Operator.Describe() + ", then " + w.Noise.Describe() }

// Sigma implements Operator: the variances add.
func (w With) Sigma() float64 { return math.Hypot(w.Operator.Sigma(), w.Noise.Sigma()) }

// Corrupt implements Corrupter.
func (w With) Corrupt(r *rand.Rand, y lab.Image) {
	Corrupt(w.Operator, r, y)
	Corrupt(w.Noise, r, y)
}

// DrawNoise implements Corrupter.
func (w With) DrawNoise(s *model.Scope, y *Node) *Node {
	return DrawNoise(w.Noise, s, DrawNoise(w.Operator, s, y))
}

// Level implements Leveller.
func (w With) Level(y *Node) *Node {
	return Sqrt(Add(Square(Level(w.Operator, y)), Square(Level(w.Noise, y))))
}
