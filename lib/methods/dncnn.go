package methods

import (
	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// DnCNN learns the residual (Zhang et al. 2017, arXiv:1608.03981): x̂ = y − R(y), with R a chain of 3×3 convolutions, batch norm and
// ReLU, trained to min ½‖R(y) − (y − x)‖² on patches that are flipped and turned at random. The paper has 17 layers of 64
// channels; the default here is 8 layers of 32 without batch norm, which trains in minutes on two cores: there the norm costs more than it
// gives.
type DnCNN struct {
	Pairs
	Depth int    `default:"8" range:"3:64" help:"convolutions in all"`
	Width int    `default:"32" range:"1:512" help:"channels of the inner layers"`
	Norm  string `default:"none" range:"none|batch" help:"normalisation of the inner layers; batch is the paper's"`
}

// Objectives implements Trainable. The paper's loss is half the squared error summed over a patch; the mean only rescales Adam's ε.
func (m *DnCNN) Objectives() []Objective {
	return m.regress(0, func(s *Scope, x *Node) *Node { return m.error(s, x, m.Restore) })
}

// Restore implements Restorer.
func (m *DnCNN) Restore(s *Scope, y, aux *Node) *Node {
	y = physics.Start(m.problem.Operator, y, aux)
	return Sub(y, chain(s.At("network"), y, m.Depth, m.Width, m.Norm))
}

// chain is R: so many convolutions of 3×3, all but the last with a ReLU. It begins near 0.
func chain(s *Scope, x *Node, depth, width int, norm string) *Node {
	h := x
	for i := range depth {
		layer := s.At("layer%d", i+1)
		c := nn.ConvConfig{Filters: width, Kernel: 3, Init: nn.He(layer)}
		switch i {
		case 0:
			h = nn.ReLU(nn.Conv(layer, h, c))
		case depth - 1:
			c.Filters, c.Init = x.Shape().Dim(3), nn.Normal(layer, 0.001)
			h = nn.Conv(layer, h, c)
		default:
			c.NoBias = norm == "batch"
			h = nn.Conv(layer, h, c)
			if norm == "batch" {
				h = nn.BatchNorm(layer, h, 0.95, 1e-5)
			}
			h = nn.ReLU(h)
		}
	}
	return h
}

// Reach implements Local.
func (m *DnCNN) Reach() int { return m.Depth + startReach(m.problem.Operator) }
