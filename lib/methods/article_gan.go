package methods

import (
	"fmt"
	"math"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// ArticleGAN is the generative adversarial network that darkroom's design article describes, for images of 64×64:
//
//	generator: z of 100 → dense 256, 512, 1024, leaky ReLU of slope 0.2 → a map → transposed convolutions 4×4, stride 2, of 32, 64 and 128
//	channels → convolution 7×7 to the image's channels, tanh
//	discriminator: convolutions 4×4, stride 2, of 64, 128 and 256 channels, leaky ReLU of slope 0.2 → one logit
//
// with batches of 32. Made consistent here: the article's reshape does not multiply out, while 1024 = 8·8·16 and three doublings of 8 are 64, so the map is
// 8×8 of 16 channels; it names no activation between the transposed convolutions, which have the same leaky ReLU here, and neither loss nor optimizer,
// which are those of DCGAN: non-saturating, Adam with β₁ = 0.5. There is no normalisation, so the weights are drawn as He et al. 2015 do, by how many
// values a unit sums: in a transposed convolution of stride 2 that is a quarter of the kernel's.
type ArticleGAN struct {
	Posed
	Latent       int     `default:"100" range:"1:1024" help:"size of the noise z"`
	Batch        int     `default:"32" range:"2:4096" help:"images in an update"`
	LearningRate float64 `default:"0.0002" range:"0:" help:"Adam's step size, for both networks"`
	Beta1        float64 `default:"0.5" range:"0:0.999" help:"Adam's first moment decay"`
	Average      float64 `default:"0.999" range:"0:0.99999" help:"decay of the moving average of the generator that samples are drawn with; 0 draws with the last weights"`
}

// Pose implements Method.
func (m *ArticleGAN) Pose(p Problem) error {
	if p.Height != 64 || p.Width != 64 {
		return fmt.Errorf("article-gan: images are %d×%d, but its layers reach 64×64; add @64 to the task", p.Height, p.Width)
	}
	return m.Posed.Pose(p)
}

// BatchSize implements Trainable.
func (m *ArticleGAN) BatchSize() int { return m.Batch }

// LatentSize implements Sampler.
func (m *ArticleGAN) LatentSize() int { return m.Latent }

// Objectives implements Trainable.
func (m *ArticleGAN) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: m.Beta1, Beta2: 0.999}
	return Game{
		Loss: adversarial("non-saturating"), Latent: m.Latent, Average: m.Average, Discriminator: adam, Generator: adam,
		Generate:     func(s *Scope, z, _ *Node) *Node { return m.generate(s, z) },
		Discriminate: func(s *Scope, x, _ *Node) *Node { return m.discriminate(s, x) },
	}.Objectives()
}

// generate maps z [n, latent] to images [n, 64, 64, channels] in (−1, 1).
func (m *ArticleGAN) generate(s *Scope, z *Node) *Node {
	s = s.At("generator")
	x := z
	for i, units := range []int{256, 512, 1024} {
		layer := s.At("dense%d", i+1)
		x = nn.LeakyReLU(nn.Dense(layer, x, units, nn.He(layer)), 0.2)
	}
	x = Reshape(x, -1, 8, 8, 16)
	for i, channels := range []int{32, 64, 128} {
		layer := s.At("up%d", i+1)
		deviation := math.Sqrt(2 / float64(4*x.Shape().Dim(3)))
		x = nn.LeakyReLU(nn.ConvTranspose(layer, x, nn.ConvConfig{Filters: channels, Kernel: 4, Stride: 2, Init: nn.Normal(layer, deviation)}), 0.2)
	}
	out := s.At("image")
	return Tanh(nn.Conv(out, x, nn.ConvConfig{Filters: m.problem.Channels, Kernel: 7, Init: nn.Glorot(out)}))
}

// discriminate maps images in [−1, 1] to logits [n, 1].
func (m *ArticleGAN) discriminate(s *Scope, x *Node) *Node {
	s = s.At("discriminator")
	for i, channels := range []int{64, 128, 256} {
		layer := s.At("down%d", i+1)
		x = nn.LeakyReLU(nn.Conv(layer, x, nn.ConvConfig{Filters: channels, Kernel: 4, Stride: 2, Init: nn.He(layer)}), 0.2)
	}
	out := s.At("judge")
	return nn.Dense(out, nn.Flatten(x), 1, nn.Glorot(out))
}

// Sample implements Sampler.
func (m *ArticleGAN) Sample(s *Scope, z *Node) *Node { return brightness(m.generate(s, z)) }
