package methods

import (
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Unchanged does nothing: its restoration is the measurement itself, brought to the picture's size, and its translation the picture as it was, so
// that every method has something to beat.
type Unchanged struct{ Posed }

// Restore implements Restorer.
func (m *Unchanged) Restore(_ *Scope, y, aux *Node) *Node {
	return physics.Start(m.problem.Operator, y, aux)
}

// Translate implements Translator.
func (m *Unchanged) Translate(_ *Scope, x *Node) *Node { return x }

// TranslateBack implements Invertible.
func (m *Unchanged) TranslateBack(_ *Scope, x *Node) *Node { return x }

// Reach implements Local.
func (m *Unchanged) Reach() int { return startReach(m.problem.Operator) }

// startReach is how far a pixel of physics.Start looks: Keys's kernel at 2 pixels to each side.
func startReach(op physics.Operator) int {
	if _, enlarges := physics.As[physics.Downsample](op); enlarges {
		return 2
	}
	return 0
}
