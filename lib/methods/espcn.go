package methods

import (
	"fmt"

	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// ESPCN works on the small picture and enlarges it at the end (Shi et al. 2016, arXiv:1609.05158): tanh layers, of which the last makes r²
// channels at each pixel, and these become the r×r pixels of the enlargement (the "sub-pixel convolution"),
//
//	x̂ = PS(W_L ∗ f(y) + b_L)
//
// It costs about r² times less than a network over the bicubic enlargement.
type ESPCN struct {
	Pairs
	Widths  Widths `default:"64,32" range:"1:512" help:"channels of the inner layers"`
	Kernels Widths `default:"5,3,3" range:"1:31" help:"sides of the layers' kernels, one more than the widths"`
}

// Pose implements Method.
func (m *ESPCN) Pose(p Problem) error {
	if _, ok := physics.As[physics.Downsample](p.Operator); !ok {
		return fmt.Errorf("espcn: %s leaves no smaller picture that could be enlarged; use srcnn or dncnn", p.Operator.Describe())
	}
	if err := kernelsFit("espcn", m.Kernels, m.Widths); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// Objectives implements Trainable.
func (m *ESPCN) Objectives() []Objective {
	return m.regress(0, func(s *Scope, x *Node) *Node { return m.error(s, x, m.Restore) })
}

// Restore implements Restorer.
func (m *ESPCN) Restore(s *Scope, y, _ *Node) *Node {
	s = s.At("network")
	small, _ := physics.As[physics.Downsample](m.problem.Operator)
	h := y
	for i, side := range m.Kernels {
		layer := s.At("layer%d", i+1)
		c := nn.ConvConfig{Filters: y.Shape().Dim(3) * small.Factor * small.Factor, Kernel: side, Init: nn.Glorot(layer)}
		if i < len(m.Widths) {
			c.Filters = m.Widths[i]
			h = Tanh(nn.Conv(layer, h, c))
		} else {
			h = nn.Conv(layer, h, c)
		}
	}
	return nn.PixelShuffle(h, small.Factor)
}

// kernelsFit checks that a chain of convolutions has a kernel for each inner layer and one for the last, all with a centre.
func kernelsFit(name string, kernels, widths Widths) error {
	if len(kernels) != len(widths)+1 {
		return fmt.Errorf("%s: %d kernels (%s), but %d inner layers (%s) need %d; give one kernel for each of them and one for the last",
			name, len(kernels), kernels, len(widths), widths, len(widths)+1)
	}
	for _, k := range kernels {
		if err := odd(name, "kernels", k); err != nil {
			return err
		}
	}
	return nil
}

// Reach implements Local.
func (m *ESPCN) Reach() int { return kernelsReach(m.Kernels) }

// kernelsReach is how far a chain of kernels looks.
func kernelsReach(sides []int) int {
	sum := 0
	for _, side := range sides {
		sum += side / 2
	}
	return sum
}
