package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// GAN is the generative adversarial network (Goodfellow et al. 2014, arXiv:1406.2661): a game of value
//
//	min over G, max over D:  V(D, G) = E[log D(x)] + E[log(1 − D(G(z)))]
//
// which is loss=minimax. Early in the game D is sure and that V is flat for G, so in practice (section 3) G maximises log D(G(z)) instead:
// loss=non-saturating. The generator has layers of rectifiers, the discriminator of maxout units with dropout. The paper's own configuration for MNIST
// is hidden=1200,1200 discriminator=240,240 pieces=5 batch=100 average=0 with stochastic gradient descent and uniform noise, where this has Adam and
// normal noise.
type GAN struct {
	MLP
	Loss         string  `default:"non-saturating" range:"non-saturating|minimax" help:"of the game; minimax is the paper's formula, non-saturating what it trains with"`
	LearningRate float64 `default:"0.0002" range:"0:" help:"Adam's step size, for both networks"`
	Beta1        float64 `default:"0.5" range:"0:0.999" help:"Adam's first moment decay"`
}

// Pose implements Method.
func (m *GAN) Pose(p Problem) error { return m.pose("gan", p) }

// Objectives implements Trainable.
func (m *GAN) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: m.Beta1, Beta2: 0.999}
	loss := adversarial(m.Loss)
	return Game{
		Loss: loss, Latent: m.Latent, Average: m.Average, Discriminator: adam, Generator: adam,
		Generate:     func(s *Scope, z, _ *Node) *Node { return m.generate(s, z) },
		Discriminate: func(s *Scope, x, _ *Node) *Node { return score(s, m.features(s, nn.Flatten(x)), "none", loss) },
	}.Objectives()
}

// MLP are the networks of Goodfellow et al. 2014: layers of units that see all of an image.
type MLP struct {
	Posed
	Latent        int     `default:"100" range:"1:1024" help:"size of the noise z"`
	Hidden        Widths  `default:"256,512" range:"1:8192" help:"units of the generator's hidden layers"`
	Discriminator Widths  `default:"256,256" range:"1:8192" help:"units of the discriminator's hidden layers"`
	Pieces        int     `default:"2" range:"1:32" help:"linear pieces of each of the discriminator's maxout units"`
	Dropout       float64 `default:"0.3" range:"0:0.95" help:"share of the discriminator's hidden units that are left out of an update"`
	Batch         int     `default:"64" range:"2:65536" help:"images in an update"`
	Average       float64 `default:"0.999" range:"0:0.99999" help:"decay of the moving average of the generator that samples are drawn with; 0 draws with the last weights"`
}

func (m *MLP) pose(name string, p Problem) error {
	if n := p.Height * p.Width * p.Channels; n > 1<<16 {
		return fmt.Errorf("%s: images of %d×%d×%d are too large for its dense layers; add @32 or @64 to the task", name, p.Height, p.Width, p.Channels)
	}
	return m.Posed.Pose(p)
}

// BatchSize implements Trainable.
func (m *MLP) BatchSize() int { return m.Batch }

// LatentSize implements Sampler.
func (m *MLP) LatentSize() int { return m.Latent }

// generate maps z [n, latent] to images in (−1, 1). The paper's sigmoid to [0, 1] is the same function on that range.
func (m *MLP) generate(s *Scope, z *Node) *Node {
	s = s.At("generator")
	x := z
	for i, units := range m.Hidden {
		layer := s.At("hidden%d", i+1)
		x = nn.ReLU(nn.Dense(layer, x, units, nn.He(layer)))
	}
	p, out := m.problem, s.At("image")
	x = nn.Dense(out, x, p.Height*p.Width*p.Channels, nn.Glorot(out))
	return Tanh(Reshape(x, -1, p.Height, p.Width, p.Channels))
}

// features maps x [n, values] to the discriminator's last hidden layer.
func (m *MLP) features(s *Scope, x *Node) *Node {
	s = s.At("discriminator")
	for i, units := range m.Discriminator {
		layer := s.At("hidden%d", i+1)
		x = nn.Dropout(layer, nn.Maxout(layer, x, units, m.Pieces, nn.Glorot(layer)), m.Dropout)
	}
	return x
}

// Sample implements Sampler.
func (m *MLP) Sample(s *Scope, z *Node) *Node { return brightness(m.generate(s, z)) }
