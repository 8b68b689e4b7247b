package methods

import . "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

// Unrestored restores nothing: its estimate is the measurement itself, so that every method has something to beat.
type Unrestored struct{ Posed }

// Restore implements Restorer.
func (m *Unrestored) Restore(_ *Scope, y, aux *Node) *Node { return m.problem.Operator.Adjoint(y, aux) }
