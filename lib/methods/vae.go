package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics
)

// VAE is auto-encoding variational Bayes (Kingma & Welling 2013, arXiv:1312.6114):
//
//	log p(x) ≥ E_q(z|x)[log p(x|z)] − KL(q(z|x) ‖ p(z)),  q(z|x) = N(μ(x), σ²(x)),  p(z) = N(0, 1)
//
// with networks of tanh units, as in the paper's appendix C, or of others. The Bernoulli likelihood binarises the images
// anew at each step (Salakhutdinov & Murray 2008); the Gaussian one has a trained log-variance for each pixel of the output, the logistic
// one, of the 256 levels of a pixel, a trained scale (Kingma et al. 2016).
type VAE struct {
	dense
	Beta float64 `default:"1" range:"0:" help:"weight of the KL term (1 is the paper's bound)"`
}

// Pose implements Method.
func (m *VAE) Pose(p Problem) error { return m.pose("vae", p) }

// Objectives implements Trainable.
func (m *VAE) Objectives() []Objective {
	return m.objective(func(s *Scope, b Batch) Loss {
		reconstruction, kl := m.elbo(s, m.data(s, b.X))
		return Loss{Add(reconstruction, MulScalar(ReduceAllSum(kl), m.Beta)), codeTerms(reconstruction, kl)}
	})
}

// dense are the fully connected networks of a VAE, and how they are trained.
type dense struct {
	autoencoder
	Latent       int     `default:"20" range:"1:1024" help:"size of the code z"`
	Hidden       Widths  `default:"500" range:"1:8192" help:"units of the hidden layers of the encoder; the decoder mirrors them"`
	Activation   string  `default:"tanh" range:"tanh|relu|elu" help:"nonlinearity of the hidden layers"`
	Likelihood   string  `default:"bernoulli" range:"bernoulli|gaussian|logistic" help:"distribution of a pixel given z"`
	Batch        int     `default:"128" range:"1:65536" help:"images in a training step"`
	LearningRate float64 `default:"0.001" range:"0:" help:"Adam's step size"`
	Decay        float64 `default:"0" range:"0:1" help:"share of the training, at its end, over which the step size falls linearly to 0"`
}

func (m *dense) pose(name string, p Problem) error {
	if n := p.Height * p.Width * p.Channels; n > 1<<20 {
		return fmt.Errorf("%s: images of %d×%d×%d are too large for its dense layers; add @32 or @64 to the task", name, p.Height, p.Width, p.Channels)
	}
	m.autoencoder = autoencoder{pixelModel{Posed{p}, m, m.Latent, m.Likelihood}, m}
	return nil
}

// BatchSize implements Trainable.
func (m *dense) BatchSize() int { return m.Batch }

func (m *dense) objective(loss func(*Scope, Batch) Loss) []Objective {
	return []Objective{{
		Scopes:    []string{"encoder", "decoder"},
		Optimizer: nn.Adam{LearningRate: m.LearningRate, Decay: m.Decay},
		Loss:      loss,
	}}
}

func (m *dense) activate(x *Node) *Node {
	switch m.Activation {
	case "relu":
		return nn.ReLU(x)
	case "elu":
		return nn.ELU(x)
	default:
		return Tanh(x)
	}
}

func (m *dense) encode(s *Scope, x *Node) (mean, logVar *Node) {
	s = s.At("encoder")
	h := nn.Flatten(x)
	for i, width := range m.Hidden {
		scope := s.At("hidden%d", i+1)
		h = m.activate(nn.Dense(scope, h, width, nn.Glorot(scope)))
	}
	out := s.At("code")
	h = nn.Dense(out, h, 2*m.Latent, nn.Glorot(out))
	return Slice(h, AxisRange(), AxisRange(0, m.Latent)), Slice(h, AxisRange(), AxisRange(m.Latent))
}

func (m *dense) decode(s *Scope, z *Node) (mean, spread *Node) {
	s = s.At("decoder")
	h := z
	for i := len(m.Hidden) - 1; i >= 0; i-- {
		scope := s.At("hidden%d", i+1)
		h = m.activate(nn.Dense(scope, h, m.Hidden[i], nn.Glorot(scope)))
	}
	pixels := m.problem.Height * m.problem.Width * m.problem.Channels
	layer := func(s *Scope) *Node { return nn.Dense(s, h, pixels, nn.Glorot(s)) }
	mean = layer(s.At("mean"))
	if !m.Binary() {
		spread = layer(s.At("variance"))
	}
	return mean, spread
}
