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
// anew at each step (Salakhutdinov & Murray 2008); the Gaussian one has a trained log-variance for each pixel of the output.
type VAE struct {
	Posed
	Latent       int     `default:"20" range:"1:1024" help:"size of the code z"`
	Hidden       Widths  `default:"500" range:"1:8192" help:"units of the hidden layers of the encoder; the decoder mirrors them"`
	Activation   string  `default:"tanh" range:"tanh|relu|elu" help:"nonlinearity of the hidden layers"`
	Likelihood   string  `default:"bernoulli" range:"bernoulli|gaussian" help:"distribution of a pixel given z"`
	Beta         float64 `default:"1" range:"0:" help:"weight of the KL term (1 is the paper's bound)"`
	Batch        int     `default:"128" range:"1:65536" help:"images in a training step"`
	LearningRate float64 `default:"0.001" range:"0:" help:"Adam's step size"`
	Decay        float64 `default:"0" range:"0:1" help:"share of the training, at its end, over which the step size falls linearly to 0"`
}

// BatchSize implements Trainable.
func (m *VAE) BatchSize() int { return m.Batch }

// LatentSize implements Sampler.
func (m *VAE) LatentSize() int { return m.Latent }

// Binary implements ImportanceSampler.
func (m *VAE) Binary() bool { return m.Likelihood == "bernoulli" }

// Objectives implements Trainable.
func (m *VAE) Objectives() []Objective {
	return []Objective{{
		Scopes:    []string{"encoder", "decoder"},
		Optimizer: nn.Adam{LearningRate: m.LearningRate, Decay: m.Decay},
		Loss: func(s *Scope, b Batch) Loss {
			x := nn.Flatten(b.X)
			if m.Binary() {
				x = s.RandomBernoulli(x, x.Shape())
			}
			mean, logVar := m.encode(s, x)
			eps := s.RandomNormal(x.Graph(), mean.Shape())
			likelihood := m.logLikelihood(s, x, reparameterise(mean, logVar, eps))
			reconstruction := Neg(ReduceAllMean(likelihood))
			kl := ReduceAllMean(ReduceSum(nn.KLStandard(mean, logVar), -1))
			return Loss{Add(reconstruction, MulScalar(kl, m.Beta)), []Term{{"reconstruction", reconstruction}, {"kl", kl}}}
		},
	}}
}

func (m *VAE) activate(x *Node) *Node {
	switch m.Activation {
	case "relu":
		return nn.ReLU(x)
	case "elu":
		return nn.ELU(x)
	default:
		return Tanh(x)
	}
}

// encode maps x [n, pixels] to the mean and log-variance of q(z|x), each [n, latent].
func (m *VAE) encode(s *Scope, x *Node) (mean, logVar *Node) {
	s = s.At("encoder")
	h := x
	for i, width := range m.Hidden {
		scope := s.At("hidden%d", i+1)
		h = m.activate(nn.Dense(scope, h, width, nn.Glorot(scope)))
	}
	out := s.At("code")
	h = nn.Dense(out, h, 2*m.Latent, nn.Glorot(out))
	return Slice(h, AxisRange(), AxisRange(0, m.Latent)), Slice(h, AxisRange(), AxisRange(m.Latent))
}

// decode maps z [n, latent] to the parameters of p(x|z): logits, or means and log-variances, each [n, pixels].
func (m *VAE) decode(s *Scope, z *Node) (out, logVar *Node) {
	s = s.At("decoder")
	h := z
	for i := len(m.Hidden) - 1; i >= 0; i-- {
		scope := s.At("hidden%d", i+1)
		h = m.activate(nn.Dense(scope, h, m.Hidden[i], nn.Glorot(scope)))
	}
	pixels := m.problem.Height * m.problem.Width * m.problem.Channels
	mean := s.At("mean")
	out = nn.Dense(mean, h, pixels, nn.Glorot(mean))
	if m.Binary() {
		return out, nil
	}
	spread := s.At("variance")
	// The log-variance is kept above −7 (a deviation of 0.03): the likelihood of constant pixels has no upper bound.
	logVar = AddScalar(nn.ReLU(AddScalar(nn.Dense(spread, h, pixels, nn.Glorot(spread)), 7)), -7)
	return Sigmoid(out), logVar
}

// logLikelihood is log p(x|z) [n], in nats.
func (m *VAE) logLikelihood(s *Scope, x, z *Node) *Node {
	out, logVar := m.decode(s, z)
	if m.Binary() {
		return Neg(ReduceSum(nn.BernoulliLogits(x, out), -1))
	}
	return Neg(ReduceSum(nn.GaussianNLL(x, out, logVar), -1))
}

// reparameterise is z = μ + σ·ε.
func reparameterise(mean, logVar, eps *Node) *Node {
	return Add(mean, Mul(Exp(MulScalar(logVar, 0.5)), eps))
}

// Encode implements Encoder.
func (m *VAE) Encode(s *Scope, x *Node) (mean, logVar *Node) { return m.encode(s, nn.Flatten(x)) }

// Sample implements Sampler: the mean of p(x|z).
func (m *VAE) Sample(s *Scope, z *Node) *Node {
	out, _ := m.decode(s, z)
	if m.Binary() {
		out = Sigmoid(out)
	}
	return Reshape(out, z.Shape().Dim(0), m.problem.Height, m.problem.Width, m.problem.Channels)
}

// Weights implements ImportanceSampler.
func (m *VAE) Weights(s *Scope, x, eps *Node, k int) *Node {
	n := x.Shape().Dim(0)
	x = nn.Flatten(x)
	mean, logVar := m.encode(s, x)
	repeat := func(v *Node) *Node { // [n, d] to [n·k, d], image-major
		d := v.Shape().Dim(1)
		return Reshape(BroadcastToDims(Reshape(v, n, 1, d), n, k, d), n*k, d)
	}
	logVar = repeat(logVar)
	z := reparameterise(repeat(mean), logVar, eps)
	// log p(z) − log q(z|x) = Σ ½(ε² + log σ² − z²): the constants cancel.
	prior := MulScalar(ReduceSum(Sub(Add(Square(eps), logVar), Square(z)), -1), 0.5)
	return Reshape(Add(m.logLikelihood(s, repeat(x), z), prior), n, k)
}

// Terms implements ImportanceSampler.
func (m *VAE) Terms(s *Scope, x, eps *Node) (reconstruction, kl *Node) {
	x = nn.Flatten(x)
	mean, logVar := m.encode(s, x)
	return m.logLikelihood(s, x, reparameterise(mean, logVar, eps)), ReduceSum(nn.KLStandard(mean, logVar), -1)
}

// Pose implements Method.
func (m *VAE) Pose(p Problem) error {
	if n := p.Height * p.Width * p.Channels; n > 1<<20 {
		return fmt.Errorf("vae: images of %d×%d×%d are too large for its dense layers; add @32 or @64 to the task", p.Height, p.Width, p.Channels)
	}
	return m.Posed.Pose(p)
}
