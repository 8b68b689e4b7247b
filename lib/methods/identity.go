package methods

import (
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Unrestored restores nothing: its estimate is the measurement itself, brought to the picture's size, so that every method has something to
// beat.
type Unrestored struct{ Posed }

// Restore implements Restorer.
func (m *Unrestored) Restore(_ *Scope, y, aux *Node) *Node {
	return physics.Start(m.problem.Operator, y, aux)
}
