package methods

import (
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// encoder maps images [n, height, width, channels] to the mean and log-variance of q(z|x), each [n, latent].
type encoder interface {
	encode(s *Scope, x *Node) (mean, logVar *Node)
}

// decoder maps codes [n, ...] to the parameters of p(x|z), each with as many values as images: logits of the mean, and what atLeast7 makes a
// log-variance or log-scale of, nil for Bernoulli pixels.
type decoder interface {
	decode(s *Scope, z *Node) (mean, spread *Node)
}

// pixelModel is p(x|z) by a decoder.
type pixelModel struct {
	Posed
	decoder
	latent     int
	likelihood string // "bernoulli", "gaussian" or "logistic"
}

// LatentSize implements Sampler.
func (m *pixelModel) LatentSize() int { return m.latent }

// Binary implements ImportanceSampler.
func (m *pixelModel) Binary() bool { return m.likelihood == "bernoulli" }

// Discrete implements Discrete.
func (m *pixelModel) Discrete() bool { return m.likelihood == "logistic" }

// Sample implements Sampler: the mean of p(x|z).
func (m *pixelModel) Sample(s *Scope, z *Node) *Node {
	mean, _ := m.decode(s, z)
	return Reshape(Sigmoid(mean), z.Shape().Dim(0), m.problem.Height, m.problem.Width, m.problem.Channels)
}

// data is what the likelihood is of: the images, with Bernoulli pixels binarised anew (Salakhutdinov & Murray 2008).
func (m *pixelModel) data(s *Scope, x *Node) *Node {
	if m.Binary() {
		return s.RandomBernoulli(x, x.Shape())
	}
	return x
}

// logLikelihood is log p(x|z) [n], in nats: of bits, of values in [0, 1] (a density), or of 256 levels from 0 to 1.
func (m *pixelModel) logLikelihood(s *Scope, x, z *Node) *Node {
	mean, spread := m.decode(s, z)
	x, mean = nn.Flatten(x), nn.Flatten(mean)
	var nll *Node
	switch m.likelihood {
	case "gaussian":
		nll = nn.GaussianNLL(x, Sigmoid(mean), atLeast7(nn.Flatten(spread)))
	case "logistic":
		nll = nn.DiscretizedLogistic(x, Sigmoid(mean), atLeast7(nn.Flatten(spread)), 256)
	default:
		nll = nn.BernoulliLogits(x, mean)
	}
	return Neg(ReduceSum(nll, -1))
}

// atLeast7 keeps a log-variance or log-scale above −7, for a Gaussian a deviation of 0.03: the density of constant pixels has no upper bound.
func atLeast7(spread *Node) *Node { return AddScalar(nn.ReLU(AddScalar(spread, 7)), -7) }

// autoencoder is what all methods share that have a code with prior N(0, 1) and a Gaussian q(z|x): the bounds on log p(x) and the samples.
// A method embeds it and fills it in when it is posed.
type autoencoder struct {
	pixelModel
	encoder
}

// Encode implements Encoder.
func (m *autoencoder) Encode(s *Scope, x *Node) (mean, logVar *Node) { return m.encode(s, x) }

// LogLikelihood implements Decoder.
func (m *autoencoder) LogLikelihood(s *Scope, x, z *Node) *Node { return m.logLikelihood(s, x, z) }

// Weights implements ImportanceSampler.
func (m *autoencoder) Weights(s *Scope, x, eps *Node, k int) *Node {
	weights, _, _ := m.weigh(s, x, eps, k)
	return weights
}

// Terms implements ImportanceSampler.
func (m *autoencoder) Terms(s *Scope, x, eps *Node) (reconstruction, kl *Node) {
	mean, logVar := m.encode(s, x)
	return m.logLikelihood(s, x, reparameterise(mean, logVar, eps)), ReduceSum(nn.KLStandard(mean, logVar), -1)
}

// weigh returns the log-weights log p(x, z) − log q(z|x) [n, k] of k codes for each image, their share log p(x|z), and KL(q(z|x) ‖ p(z)) by
// latent dimension [n, latent].
func (m *autoencoder) weigh(s *Scope, x, eps *Node, k int) (weights, likelihood, kl *Node) {
	n := x.Shape().Dim(0)
	mean, logVar := m.encode(s, x)
	kl = nn.KLStandard(mean, logVar)
	logVar = Repeat(logVar, k)
	z := reparameterise(Repeat(mean, k), logVar, eps)
	likelihood = m.logLikelihood(s, Repeat(x, k), z)
	// log p(z) − log q(z|x) = Σ ½(ε² + log σ² − z²): the constants cancel.
	prior := MulScalar(ReduceSum(Sub(Add(Square(eps), logVar), Square(z)), -1), 0.5)
	return Reshape(Add(likelihood, prior), n, k), Reshape(likelihood, n, k), kl
}

// elbo returns, as means over the images, −E[log p(x|z)] with one code for each, and KL(q(z|x) ‖ p(z)) by latent dimension [latent].
func (m *autoencoder) elbo(s *Scope, x *Node) (reconstruction, kl *Node) {
	mean, logVar := m.encode(s, x)
	eps := nn.Gaussian(s.Store(), x.Graph(), mean.Shape())
	reconstruction = Neg(ReduceAllMean(m.logLikelihood(s, x, reparameterise(mean, logVar, eps))))
	return reconstruction, ReduceMean(nn.KLStandard(mean, logVar), 0)
}

// reparameterise is z = μ + σ·ε.
func reparameterise(mean, logVar, eps *Node) *Node {
	return Add(mean, Mul(Exp(MulScalar(logVar, 0.5)), eps))
}

// Repeat writes each of the n rows of v k times, one after the other.
func Repeat(v *Node, k int) *Node {
	if k == 1 {
		return v
	}
	d := v.Shape().Clone().Dimensions
	v = BroadcastToDims(ExpandAxes(v, 1), append([]int{d[0], k}, d[1:]...)...)
	d[0] *= k
	return Reshape(v, d...)
}

// logMeanExp is log( (1/k) Σ exp(w) ) over the last axis, without overflow.
func logMeanExp(w *Node) *Node {
	most := StopGradient(ReduceAndKeep(w, ReduceMax, -1))
	return Add(Log(ReduceMean(Exp(Sub(w, most)), -1)), Squeeze(most, -1))
}

// codeTerms are the events of a bound: −E[log p(x|z)], the KL term, and how many latent dimensions are in use, by the mean KL of each [latent].
// A dimension whose KL is below 0.01 nats tells nothing about the image: the posterior has collapsed onto the prior (Burda et al. 2015, section
// 5.2, count those whose mean varies by more than 0.01).
func codeTerms(reconstruction, kl *Node) []Term {
	used := GreaterThan(kl, Scalar(kl.Graph(), kl.DType(), 0.01))
	return []Term{{"reconstruction", reconstruction}, {"kl", ReduceAllSum(kl)}, {"units/active", ReduceAllSum(ConvertDType(used, kl.DType()))}}
}

// noise draws standard normal values [n, latent].
func (m *autoencoder) noise(s *Scope, g *Graph, n int) *Node {
	return nn.Gaussian(s.Store(), g, shapes.Make(dtypes.Float32, n, m.latent))
}
