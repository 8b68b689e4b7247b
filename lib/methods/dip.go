package methods

import (
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/shapes"
)

// DIP is the deep image prior (Ulyanov, Vedaldi & Lempitsky 2018, arXiv:1711.10925): a network that has learnt nothing is fitted to the one
// measurement,
//
//	x̂ = f_θ(z),  θ = argmin ‖A f_θ(z) − y‖²,  z fixed noise
//
// and stopped before it reproduces the noise, too: a convolutional network takes up a picture sooner than noise. In each step z is disturbed a
// little, as the paper does. The network is a U-Net with the paper's norm (by batch, which for one picture is by instance), leaky ReLU and last
// sigmoid; the paper's is deeper, and is fitted ten times as long.
type DIP struct {
	Posed
	Steps        int     `default:"400" range:"1:1000000" help:"steps of Adam for each picture: where it stops"`
	LearningRate float64 `default:"0.01" range:"0:" help:"Adam's step size"`
	Levels       int     `default:"4" range:"1:6" help:"scales of the network"`
	Width        int     `default:"16" range:"1:256" help:"channels of its finest level; each level below has twice as many"`
	Channels     int     `default:"16" range:"1:256" help:"channels of z"`
	Disturb      float64 `default:"0.03" range:"0:" help:"deviation of the noise on z, whose own is 0.1"`
}

// Adapt implements Adapter.
func (m *DIP) Adapt() (int, nn.Optimizer) { return m.Steps, nn.Adam{LearningRate: m.LearningRate} }

// Misfit implements Adapter.
func (m *DIP) Misfit(s *Scope, y, aux *Node) *Node {
	op := m.problem.Operator
	z := m.input(s, y, aux)
	z = Add(z, MulScalar(s.RandomNormal(z.Graph(), z.Shape()), m.Disturb))
	return ReduceAllMean(Square(Sub(op.Forward(m.network(s, z), aux), y)))
}

// Restore implements Restorer.
func (m *DIP) Restore(s *Scope, y, aux *Node) *Node { return m.network(s, m.input(s, y, aux)) }

// input is z, of the size of the picture.
func (m *DIP) input(s *Scope, y, aux *Node) *Node {
	d := whole(m.problem.Operator, y, aux).Shape().Dimensions
	at := s.At(Adapted)
	return at.WithInitializer(nn.Normal(at, 0.1)).VariableWithShape("input", shapes.Make(y.DType(), d[0], d[1], d[2], m.Channels)).
		SetTrainable(false).NodeValue(y.Graph())
}

func (m *DIP) network(s *Scope, z *Node) *Node {
	return Sigmoid(unet(s.At(Adapted), z, m.Levels, m.Width, m.problem.Channels, func(s *Scope, x *Node) *Node {
		return nn.LeakyReLU(nn.InstanceNorm(s, x, 1e-5), 0.2)
	}))
}
