package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// ArticleVAE is vae (Kingma & Welling 2013, arXiv:1312.6114) with the networks that this project's seed document describes: convolutions of
// 32, 64 and 128 channels, 3×3, stride 2, ReLU, each followed by a 2×2 max-pooling, and a code of 100; the decoder mirrors them, to 64×64×3.
//
// Strides and pooling together divide the side by 64, so that the code is read off one pixel of 128 channels, and one such pixel is where the
// decoder begins: each of its layers doubles the image by repeating pixels, as the mirror of a pooling, and again by a transposed
// convolution of 64, 32 and 3 channels. The document names no likelihood; the logistic one, of bytes, suits colour.
type ArticleVAE struct {
	autoencoder
	Latent       int     `default:"100" range:"1:1024" help:"size of the code z"`
	Likelihood   string  `default:"logistic" range:"bernoulli|gaussian|logistic" help:"distribution of a pixel given z"`
	Batch        int     `default:"32" range:"1:65536" help:"images in a training step"`
	LearningRate float64 `default:"0.001" range:"0:" help:"Adam's step size"`
	Decay        float64 `default:"0.5" range:"0:1" help:"share of the training, at its end, over which the step size falls linearly to 0"`
}

var articleChannels = []int{32, 64, 128}

// Pose implements Method.
func (m *ArticleVAE) Pose(p Problem) error {
	if p.Height%64 != 0 || p.Width%64 != 0 {
		return fmt.Errorf("article-vae: images are %d×%d, but its layers divide their sides by 64; add @64 to the task, or use conv-vae", p.Height, p.Width)
	}
	m.autoencoder = autoencoder{pixelModel{Posed{p}, m, m.Latent, m.Likelihood}, m}
	return nil
}

// BatchSize implements Trainable.
func (m *ArticleVAE) BatchSize() int { return m.Batch }

// Objectives implements Trainable.
func (m *ArticleVAE) Objectives() []Objective {
	return []Objective{{
		Scopes:    []string{"encoder", "decoder"},
		Optimizer: nn.Adam{LearningRate: m.LearningRate, Decay: m.Decay},
		Loss: func(s *Scope, b Batch) Loss {
			reconstruction, kl := m.elbo(s, m.data(s, b.X))
			return Loss{Add(reconstruction, ReduceAllSum(kl)), codeTerms(reconstruction, kl)}
		},
	}}
}

func (m *ArticleVAE) encode(s *Scope, x *Node) (mean, logVar *Node) {
	s = s.At("encoder")
	for i, channels := range articleChannels {
		layer := s.At("down%d", i+1)
		x = nn.ReLU(nn.Conv(layer, x, nn.ConvConfig{Filters: channels, Kernel: 3, Stride: 2, Init: nn.He(layer)}))
		x = nn.MaxPoolBlocks(x, 2)
	}
	code := s.At("code")
	h := nn.Dense(code, nn.Flatten(x), 2*m.Latent, nn.Glorot(code))
	return Slice(h, AxisRange(), AxisRange(0, m.Latent)), Slice(h, AxisRange(), AxisRange(m.Latent))
}

func (m *ArticleVAE) decode(s *Scope, z *Node) (mean, spread *Node) {
	s = s.At("decoder")
	p, project := m.problem, s.At("project")
	x := nn.ReLU(nn.Dense(project, z, p.Height/64*p.Width/64*articleChannels[2], nn.He(project)))
	x = Reshape(x, -1, p.Height/64, p.Width/64, articleChannels[2])
	for i := 1; i >= 0; i-- {
		layer := s.At("up%d", i+2)
		x = nn.ReLU(nn.ConvTranspose(layer, nn.Upsample(x, 2, nn.Nearest), nn.ConvConfig{Filters: articleChannels[i], Kernel: 3, Stride: 2, Init: nn.He(layer)}))
	}
	x = nn.Upsample(x, 2, nn.Nearest)
	up := func(s *Scope) *Node {
		return nn.ConvTranspose(s, x, nn.ConvConfig{Filters: p.Channels, Kernel: 3, Stride: 2, Init: nn.Glorot(s)})
	}
	mean = up(s.At("mean"))
	if !m.Binary() {
		spread = up(s.At("variance"))
	}
	return mean, spread
}
