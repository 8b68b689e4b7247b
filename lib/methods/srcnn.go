package methods

import (
	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// SRCNN is the first convolutional network for super-resolution (Dong et al. 2014, arXiv:1501.00092): three layers over the bicubic
// enlargement, which the paper reads as sparse coding: 9×9 takes out patches, 1×1 maps them, 5×5 puts them together,
//
//	x̂ = W₃ ∗ max(0, W₂ ∗ max(0, W₁ ∗ y + b₁) + b₂) + b₃
//
// The paper draws the weights from N(0, 0.001²) and trains for 8·10⁸ steps by plain SGD; here they are He's, and Adam trains them.
type SRCNN struct {
	Pairs
	Widths  Widths `default:"64,32" range:"1:512" help:"channels of the inner layers"`
	Kernels Widths `default:"9,1,5" range:"1:31" help:"sides of the layers' kernels, one more than the widths"`
}

// Pose implements Method.
func (m *SRCNN) Pose(p Problem) error {
	if err := kernelsFit("srcnn", m.Kernels, m.Widths); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// Objectives implements Trainable.
func (m *SRCNN) Objectives() []Objective {
	return m.regress(0, func(s *Scope, x *Node) *Node { return m.error(s, x, m.Restore) })
}

// Restore implements Restorer.
func (m *SRCNN) Restore(s *Scope, y, aux *Node) *Node {
	s = s.At("network")
	h := physics.Start(m.problem.Operator, y, aux)
	channels := h.Shape().Dim(3)
	for i, side := range m.Kernels {
		layer := s.At("layer%d", i+1)
		c := nn.ConvConfig{Filters: channels, Kernel: side, Init: nn.He(layer)}
		if i < len(m.Widths) {
			c.Filters = m.Widths[i]
			h = nn.ReLU(nn.Conv(layer, h, c))
		} else {
			h = nn.Conv(layer, h, c)
		}
	}
	return h
}

// Reach implements Local.
func (m *SRCNN) Reach() int { return kernelsReach(m.Kernels) + startReach(m.problem.Operator) }
