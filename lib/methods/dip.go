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
// little, as the paper does. The network is the paper's hourglass: down by halves and up by bilinear enlargement, with its norm (by batch, which for one
// picture is by instance), leaky ReLU and last sigmoid. Without skips, as the paper fills large holes, all goes through the coarsest picture; with them a
// level hands some channels to the way up. The paper's network is deeper, and is fitted ten times as long.
type DIP struct {
	Posed
	Steps        int     `default:"400" range:"1:1000000" help:"steps of Adam for each picture: where it stops"`
	LearningRate float64 `default:"0.01" range:"0:" help:"Adam's step size"`
	Levels       int     `default:"4" range:"1:6" help:"scales of the network"`
	Width        int     `default:"16" range:"1:256" help:"channels of its finest level; each level below has twice as many"`
	Skip         int     `default:"0" range:"0:256" help:"channels that a level hands to the way up: finer detail, and noise where little is seen"`
	Channels     int     `default:"16" range:"1:256" help:"channels of z"`
	Disturb      float64 `default:"0.03" range:"0:" help:"deviation of the noise on z, whose own is 0.1"`
}

// Adapt implements Adapter.
func (m *DIP) Adapt() (int, nn.Optimizer) { return m.Steps, nn.Adam{LearningRate: m.LearningRate} }

// Misfit implements Adapter.
func (m *DIP) Misfit(s *Scope, y, aux *Node) *Node {
	op := m.problem.Operator
	z := m.input(s, y, aux)
	z = Add(z, MulScalar(nn.Gaussian(s.Store(), z.Graph(), z.Shape()), m.Disturb))
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
	s = s.At(Adapted)
	d := z.Shape().Dimensions
	side := 1 << (m.Levels - 1)
	for axis := 1; axis <= 2; axis++ { // to a size that can be halved so often
		z = lengthen(z, axis, (side-d[axis]%side)%side)
	}
	return Sigmoid(part(part(m.hourglass(s, z, 1), 1, 0, d[1]), 2, 0, d[2]))
}

// hourglass is the network from a level on; the first one's output is the picture.
func (m *DIP) hourglass(s *Scope, x *Node, level int) *Node {
	s = s.At("level%d", level)
	conv := func(name string, x *Node, filters, kernel int) *Node {
		at := s.At("%s", name)
		x = nn.Conv(at, x, nn.ConvConfig{Filters: filters, Kernel: kernel, Init: nn.He(at)})
		return nn.LeakyReLU(nn.InstanceNorm(at, x, 1e-5), 0.2)
	}
	width := m.Width << (level - 1)
	in := conv("in", x, width, 3)
	if level < m.Levels {
		up := nn.Upsample(m.hourglass(s, nn.MaxPoolBlocks(in, 2), level+1), 2, nn.Bilinear)
		if m.Skip > 0 {
			up = Concatenate([]*Node{conv("skip", x, m.Skip, 1), up}, 3)
		}
		in = conv("out", up, width, 3)
	}
	out := conv("last", in, width, 1)
	if level > 1 {
		return out
	}
	at := s.At("picture")
	return nn.Conv(at, out, nn.ConvConfig{Filters: m.problem.Channels, Kernel: 1, Init: nn.Normal(at, 0.001)})
}
