package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// ConvVAE is vae (Kingma & Welling 2013, arXiv:1312.6114) with strided convolutions, as the networks of Radford et al. 2015 have them but
// without batch norm: 4×4 kernels of stride 2 with ReLU halve the image until its side is odd or 4 (28 to 7, 32 and 64 to 4), with twice
// the channels each time, up to four times width; the decoder mirrors them.
type ConvVAE struct {
	autoencoder
	Latent       int     `default:"64" range:"1:1024" help:"size of the code z"`
	Width        int     `default:"32" range:"1:1024" help:"channels of the layer next to the image"`
	Likelihood   string  `default:"bernoulli" range:"bernoulli|gaussian|logistic" help:"distribution of a pixel given z; logistic for colour"`
	Beta         float64 `default:"1" range:"0:" help:"weight of the KL term (1 is the paper's bound)"`
	Batch        int     `default:"64" range:"1:65536" help:"images in a training step"`
	LearningRate float64 `default:"0.001" range:"0:" help:"Adam's step size"`
	Decay        float64 `default:"0.5" range:"0:1" help:"share of the training, at its end, over which the step size falls linearly to 0"`
}

// Pose implements Method.
func (m *ConvVAE) Pose(p Problem) error {
	if err := halvable("conv-vae", p); err != nil {
		return err
	}
	m.autoencoder = autoencoder{pixelModel{Posed{p}, m, m.Latent, m.Likelihood}, m}
	return nil
}

// halvable refuses images that two layers of stride 2 do not fit.
func halvable(name string, p Problem) error {
	if p.Height%4 != 0 || p.Width%4 != 0 || p.Height < 8 || p.Width < 8 {
		return fmt.Errorf("%s: images are %d×%d, but their sides must be multiples of 4, at least 8; add @32 to the task", name, p.Height, p.Width)
	}
	return nil
}

// BatchSize implements Trainable.
func (m *ConvVAE) BatchSize() int { return m.Batch }

// Objectives implements Trainable.
func (m *ConvVAE) Objectives() []Objective {
	return []Objective{{
		Scopes:    []string{"encoder", "decoder"},
		Optimizer: nn.Adam{LearningRate: m.LearningRate, Decay: m.Decay},
		Loss: func(s *Scope, b Batch) Loss {
			reconstruction, kl := m.elbo(s, m.data(s, b.X))
			return Loss{Add(reconstruction, MulScalar(ReduceAllSum(kl), m.Beta)), codeTerms(reconstruction, kl)}
		},
	}}
}

// widths are the channels after each halving.
func (m *ConvVAE) widths() (channels []int) {
	h, w := m.problem.Height, m.problem.Width
	for h%2 == 0 && w%2 == 0 && min(h, w) > 4 {
		channels = append(channels, m.Width<<min(len(channels), 2))
		h, w = h/2, w/2
	}
	return channels
}

func (m *ConvVAE) encode(s *Scope, x *Node) (mean, logVar *Node) {
	s = s.At("encoder")
	for i, channels := range m.widths() {
		layer := s.At("down%d", i+1)
		x = nn.ReLU(nn.Conv(layer, x, nn.ConvConfig{Filters: channels, Kernel: 4, Stride: 2, Init: nn.He(layer)}))
	}
	code := s.At("code")
	h := nn.Dense(code, nn.Flatten(x), 2*m.Latent, nn.Glorot(code))
	return Slice(h, AxisRange(), AxisRange(0, m.Latent)), Slice(h, AxisRange(), AxisRange(m.Latent))
}

func (m *ConvVAE) decode(s *Scope, z *Node) (mean, spread *Node) {
	s = s.At("decoder")
	p, channels := m.problem, m.widths()
	n := len(channels)
	project := s.At("project")
	h, w := p.Height>>n, p.Width>>n
	x := nn.ReLU(nn.Dense(project, z, h*w*channels[n-1], nn.He(project)))
	x = Reshape(x, -1, h, w, channels[n-1])
	for i := n - 2; i >= 0; i-- {
		layer := s.At("up%d", i+2)
		x = nn.ReLU(nn.ConvTranspose(layer, x, nn.ConvConfig{Filters: channels[i], Kernel: 4, Stride: 2, Init: nn.He(layer)}))
	}
	up := func(s *Scope) *Node {
		return nn.ConvTranspose(s, x, nn.ConvConfig{Filters: p.Channels, Kernel: 4, Stride: 2, Init: nn.Glorot(s)})
	}
	mean = up(s.At("mean"))
	if !m.Binary() {
		spread = up(s.At("variance"))
	}
	return mean, spread
}
