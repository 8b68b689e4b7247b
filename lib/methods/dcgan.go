package methods

import (
	"errors"
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// DCGAN is the deep convolutional generative adversarial network (Radford, Metz & Chintala 2015, arXiv:1511.06434) with the
// non-saturating loss (Goodfellow et al. 2014, arXiv:1406.2661):
//
//	discriminator: min −E[log D(x)] − E[log(1 − D(G(z)))]     generator: min −E[log D(G(z))],  z ~ N(0, 1)
//
// or with another loss, for comparisons in which all else is the same. As in the paper: batch norm but at the discriminator's input and the
// generator's output, leaky ReLU of slope 0.2, weights from N(0, 0.02²), Adam with β₁ = 0.5. The paper's own configuration is width=128 batch=128
// average=0 on images of 64×64, with width=64 in the discriminator.
type DCGAN struct {
	Convolutional
	Loss         string  `default:"non-saturating" range:"non-saturating|minimax|least-squares|hinge|wasserstein" help:"of the game"`
	Smoothing    float64 `default:"0" range:"0:0.5" help:"one-sided label smoothing: the target of real images is 1 minus this (Salimans et al. 2016)"`
	Norm         string  `default:"batch" range:"batch|layer|spectral|none" help:"normalisation of the discriminator"`
	R1           float64 `default:"0" range:"0:" help:"weight of half the squared gradient at real images (Mescheder et al. 2018 use 10); not with batch norm"`
	Penalty      float64 `default:"0" range:"0:" help:"weight of the gradient penalty (Gulrajani et al. 2017 use 10); not with batch norm"`
	Critic       int     `default:"1" range:"1:100" help:"updates of the discriminator to one of the generator"`
	LearningRate float64 `default:"0.0002" range:"0:" help:"Adam's step size, for both networks"`
	Beta1        float64 `default:"0.5" range:"0:0.999" help:"Adam's first moment decay"`
}

// Pose implements Method.
func (m *DCGAN) Pose(p Problem) error {
	switch {
	case (m.R1 > 0 || m.Penalty > 0) && m.Norm == "batch":
		return errors.New("dcgan: r1 and penalty need the gradient at each image by itself, and batch norm mixes the images; set norm to layer, spectral or none")
	case m.Loss == "wasserstein" && m.Penalty == 0 && m.Norm != "spectral":
		return errors.New("dcgan: the wasserstein loss needs a critic of bounded slope; set penalty to 10 and norm to layer, or norm to spectral, or use wgan")
	case m.Smoothing > 0 && m.Loss != "non-saturating":
		return fmt.Errorf("dcgan: smoothing = %g goes with the non-saturating loss, not with %s; set it to 0", m.Smoothing, m.Loss)
	}
	return m.pose("dcgan", p)
}

// Objectives implements Trainable.
func (m *DCGAN) Objectives() []Objective {
	loss := adversarial(m.Loss)
	if m.Smoothing > 0 {
		loss = nn.LabelSmoothing(m.Smoothing)
	}
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: m.Beta1, Beta2: 0.999}
	game := m.game(loss, m.Norm)
	game.Discriminator, game.Generator = adam, adam
	game.Critic, game.R1, game.Penalty = m.Critic, m.R1, m.Penalty
	return game.Objectives()
}

// Convolutional are the networks of Radford et al. 2015, with which several games are played. Each layer of stride 2 halves or doubles the image's side,
// which is a multiple of 4, down to at least 4 pixels: 28 to 7 by two, 32 to 4 by three, 64 to 4 by four, as in the paper.
type Convolutional struct {
	Posed
	Latent  int     `default:"100" range:"1:1024" help:"size of the noise z"`
	Width   int     `default:"64" range:"4:1024" help:"channels of the layer next to the image; each one further in has twice as many"`
	Batch   int     `default:"64" range:"2:4096" help:"images in an update"`
	Average float64 `default:"0.999" range:"0:0.99999" help:"decay of the moving average of the generator that samples are drawn with; 0 draws with the last weights"`
}

func (m *Convolutional) pose(name string, p Problem) error {
	if p.Height != p.Width || p.Height%4 != 0 || p.Height < 8 {
		return fmt.Errorf("%s: images are %d×%d, but it needs squares whose side is a multiple of 4, at least 8; add @32 to the task", name, p.Height, p.Width)
	}
	return m.Posed.Pose(p)
}

// BatchSize implements Trainable.
func (m *Convolutional) BatchSize() int { return m.Batch }

// LatentSize implements Sampler.
func (m *Convolutional) LatentSize() int { return m.Latent }

// game is a game of the networks, without its optimizers.
func (m *Convolutional) game(loss nn.AdversarialLoss, norm string) Game {
	return Game{
		Loss: loss, Latent: m.Latent, Average: m.Average,
		Generate:     func(s *Scope, z, _ *Node) *Node { return m.generate(s, z) },
		Discriminate: func(s *Scope, x, _ *Node) *Node { return score(s, m.features(s, x, norm), norm, loss) },
	}
}

// levels is how often the image's side is halved.
func (m *Convolutional) levels() int {
	n := 0
	for side := m.problem.Height; side%2 == 0 && side >= 8; side /= 2 {
		n++
	}
	return n
}

// generate maps z [n, latent] to images in (−1, 1).
func (m *Convolutional) generate(s *Scope, z *Node) *Node {
	s = s.At("generator")
	init, levels := nn.Normal(s, 0.02), m.levels()
	side, channels := m.problem.Height>>levels, m.Width<<(levels-1)
	// The dense layer's bias would be taken away by the batch norm over its side²·channels units, as in the other layers.
	x := nn.Dense(s.At("project"), z, side*side*channels, init)
	x = nn.ReLU(nn.BatchNorm(s.At("norm1"), x, 0.9, 1e-5))
	x = Reshape(x, -1, side, side, channels)
	for i := 1; i < levels; i++ {
		channels /= 2
		x = nn.ConvTranspose(s.At("up%d", i), x, nn.ConvConfig{Filters: channels, Kernel: 4, Stride: 2, NoBias: true, Init: init})
		x = nn.ReLU(nn.BatchNorm(s.At("norm%d", i+1), x, 0.9, 1e-5))
	}
	x = nn.ConvTranspose(s.At("up%d", levels), x, nn.ConvConfig{Filters: m.problem.Channels, Kernel: 4, Stride: 2, Init: init})
	return Tanh(x)
}

// features maps images in [−1, 1] to the discriminator's last map [n, side, side, channels].
func (m *Convolutional) features(s *Scope, x *Node, norm string) *Node {
	s = s.At("discriminator")
	init := nn.Normal(s, 0.02)
	for i := range m.levels() {
		normed := i > 0 && (norm == "batch" || norm == "layer")
		x = nn.Conv(s.At("down%d", i+1), x, nn.ConvConfig{
			Filters: m.Width << i, Kernel: 4, Stride: 2, Init: init, NoBias: normed && norm == "batch", Spectral: norm == "spectral",
		})
		if normed {
			x = normalise(s.At("norm%d", i+1), x, norm)
		}
		x = nn.LeakyReLU(x, 0.2)
	}
	return x
}

func normalise(s *Scope, x *Node, norm string) *Node {
	if norm == "layer" {
		return nn.LayerNorm(s, x, 1e-5)
	}
	return nn.BatchNorm(s, x, 0.9, 1e-5)
}

// score is the discriminator's last layer: features [n, ...] to logits [n, 1]. It has no bias for the Wasserstein loss, which does not depend on one, and the
// hinge, which does not within its margins.
func score(s *Scope, features *Node, norm string, loss nn.AdversarialLoss) *Node {
	s = s.At("discriminator").At("judge")
	layer := nn.Linear
	if norm == "spectral" {
		layer = nn.SpectralLinear
	}
	y := layer(s, nn.Flatten(features), 1, nn.Normal(s, 0.02))
	if loss.Name == "wasserstein" || loss.Name == "hinge" {
		return y
	}
	return nn.AddBias(s, y)
}

// Sample implements Sampler.
func (m *Convolutional) Sample(s *Scope, z *Node) *Node { return brightness(m.generate(s, z)) }

// brightness maps [−1, 1] to [0, 1].
func brightness(x *Node) *Node { return MulScalar(AddScalar(x, 1), 0.5) }
