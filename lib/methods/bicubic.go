package methods

import (
	"fmt"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Bicubic enlarges by cubic convolution (Keys 1981, IEEE Trans. ASSP 29(6), a = −1/2), as MATLAB's imresize does: what every table of
// super-resolution begins with. It does not look at how the picture was made smaller.
type Bicubic struct{ Posed }

// Pose implements Method.
func (m *Bicubic) Pose(p Problem) error {
	if _, ok := physics.As[physics.Downsample](p.Operator); !ok {
		return fmt.Errorf("bicubic: %s leaves no smaller picture that could be enlarged; use identity or tv", p.Operator.Describe())
	}
	return m.Posed.Pose(p)
}

// Restore implements Restorer.
func (m *Bicubic) Restore(_ *Scope, y, aux *Node) *Node {
	return physics.Start(m.problem.Operator, y, aux)
}

// Reach implements Local.
func (m *Bicubic) Reach() int { return startReach(m.problem.Operator) }
