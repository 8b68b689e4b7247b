package methods

import (
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// SNGAN is the GAN with spectral normalisation (Miyato et al. 2018, arXiv:1802.05957): each weight of the discriminator is divided by its largest
// singular value, W/σ(W), which bounds the slope of the whole. The loss is the hinge (Lim & Ye 2017, arXiv:1705.02894):
//
//	discriminator: min E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))]     generator: min −E[D(G(z))]
//
// The networks are the paper's for CIFAR-10 (its table 3): 3×3 convolutions stand between the discriminator's 4×4 ones of stride 2, and one ends the
// generator. The paper's own configuration is width=64 critic=5 average=0 on images of 32×32.
type SNGAN struct {
	Convolutional
	Loss         string  `default:"hinge" range:"hinge|non-saturating|least-squares|wasserstein" help:"of the game"`
	Critic       int     `default:"1" range:"1:100" help:"updates of the discriminator to one of the generator"`
	LearningRate float64 `default:"0.0002" range:"0:" help:"Adam's step size, for both networks"`
	Beta1        float64 `default:"0.5" range:"0:0.999" help:"Adam's first moment decay"`
}

// Pose implements Method.
func (m *SNGAN) Pose(p Problem) error { return m.pose("sngan", p) }

// Objectives implements Trainable.
func (m *SNGAN) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: m.Beta1, Beta2: 0.999}
	loss := adversarial(m.Loss)
	return Game{
		Loss: loss, Latent: m.Latent, Critic: m.Critic, Average: m.Average, Discriminator: adam, Generator: adam,
		Generate:     func(s *Scope, z, _ *Node) *Node { return m.generate(s, z) },
		Discriminate: func(s *Scope, x, _ *Node) *Node { return score(s, m.features(s, x), "spectral", loss) },
	}.Objectives()
}

// generate maps z [n, latent] to images in (−1, 1).
func (m *SNGAN) generate(s *Scope, z *Node) *Node {
	s = s.At("generator")
	init, levels := nn.Normal(s, 0.02), m.levels()
	side, channels := m.problem.Height>>levels, m.Width<<levels
	x := Reshape(nn.Dense(s.At("project"), z, side*side*channels, init), -1, side, side, channels)
	for i := range levels {
		up := s.At("up%d", i+1)
		x = nn.ConvTranspose(up, x, nn.ConvConfig{Filters: channels >> (i + 1), Kernel: 4, Stride: 2, NoBias: true, Init: init})
		x = nn.ReLU(nn.BatchNorm(up, x, 0.9, 1e-5))
	}
	return Tanh(nn.Conv(s.At("image"), x, nn.ConvConfig{Filters: m.problem.Channels, Kernel: 3, Init: init}))
}

// features maps images in [−1, 1] to the discriminator's last map.
func (m *SNGAN) features(s *Scope, x *Node) *Node {
	s = s.At("discriminator")
	conv := func(layer *Scope, filters, kernel, stride int) {
		x = nn.Conv(layer, x, nn.ConvConfig{Filters: filters, Kernel: kernel, Stride: stride, Init: nn.Glorot(layer), Spectral: true})
		x = nn.LeakyReLU(x, 0.1)
	}
	levels := m.levels()
	for i := range levels {
		conv(s.At("look%d", i+1), m.Width<<i, 3, 1)
		conv(s.At("down%d", i+1), m.Width<<i, 4, 2)
	}
	conv(s.At("look%d", levels+1), m.Width<<levels, 3, 1)
	return x
}

// Sample implements Sampler.
func (m *SNGAN) Sample(s *Scope, z *Node) *Node { return brightness(m.generate(s, z)) }
