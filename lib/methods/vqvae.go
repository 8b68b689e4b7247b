package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// VQVAE is the vector-quantised autoencoder (van den Oord, Vinyals & Kavukcuoglu 2017, arXiv:1711.00937). The encoder makes a small grid of
// vectors h, each is replaced by the nearest e of a codebook, and the decoder sees those:
//
//	min −log p(x|e) + β·‖h − sg(e)‖²,  e = codebook[argminₖ ‖h − eₖ‖],  ∇h = ∇e (straight through)
//
// The codebook follows the moving averages of what it stands for (appendix A.1 of the paper). The second objective trains, beside it, the prior of the
// codes: a PixelCNN (van den Oord et al. 2016, arXiv:1601.06759) over the grid, from which samples are drawn code by code. As q(z|x) is certain,
// log p(x|z) + log p(z) bounds log p(x) from below, with −log p(z) as the KL term.
//
// The networks are the paper's, strided 4×4 convolutions and two residual blocks, of fewer channels; they halve the image until its side
// is odd or 8 (28 to 7, 32 and 64 to 8), which keeps the grid as small as sampling needs it.
type VQVAE struct {
	pixelModel
	Codes        int     `default:"256" range:"2:65536" help:"vectors in the codebook"`
	Size         int     `default:"32" range:"1:1024" help:"length of a vector of the codebook"`
	Width        int     `default:"64" range:"1:1024" help:"channels of all layers"`
	Layers       int     `default:"4" range:"1:64" help:"residual blocks of the prior"`
	Likelihood   string  `default:"bernoulli" range:"bernoulli|gaussian|logistic" help:"distribution of a pixel given z; logistic for colour"`
	Commitment   float64 `default:"0.25" range:"0:" help:"weight of the distance between the encoder's vectors and the codebook's, β"`
	Momentum     float64 `default:"0.99" range:"0:0.99999" help:"decay of the moving averages that the codebook follows, γ"`
	Restart      bool    `default:"true" help:"vectors of the codebook that are hardly used begin anew at one of the batch's (Dhariwal et al. 2020); false: the paper"`
	Batch        int     `default:"64" range:"1:65536" help:"images in a training step"`
	LearningRate float64 `default:"0.0005" range:"0:" help:"Adam's step size, for both objectives"`
	Decay        float64 `default:"0.5" range:"0:1" help:"share of the training, at its end, over which the step size falls linearly to 0"`
}

// mostCodes bounds the grid: sampling unrolls it.
const mostCodes = 100

// Pose implements Method.
func (m *VQVAE) Pose(p Problem) error {
	if p.Height%2 != 0 || p.Width%2 != 0 {
		return fmt.Errorf("vq-vae: images are %d×%d, but their sides must be even; add @32 to the task", p.Height, p.Width)
	}
	m.pixelModel = pixelModel{Posed: Posed{p}, decoder: m, likelihood: m.Likelihood}
	_, h, w := m.grid()
	m.latent = h * w
	if m.latent > mostCodes {
		return fmt.Errorf("vq-vae: images of %d×%d become a grid of %d×%d codes, more than the %d that can be sampled one by one; add @32 or @64 to the task",
			p.Height, p.Width, h, w, mostCodes)
	}
	return nil
}

// grid is how often the image is halved, and what is left of its sides.
func (m *VQVAE) grid() (halvings, height, width int) {
	h, w := m.problem.Height, m.problem.Width
	for h%2 == 0 && w%2 == 0 && (halvings == 0 || min(h, w) > 8) {
		halvings, h, w = halvings+1, h/2, w/2
	}
	return halvings, h, w
}

// BatchSize implements Trainable.
func (m *VQVAE) BatchSize() int { return m.Batch }

// Objectives implements Trainable.
func (m *VQVAE) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Decay: m.Decay}
	return []Objective{
		{Name: "autoencoder", Scopes: []string{"encoder", "decoder"}, Optimizer: adam, Loss: func(s *Scope, b Batch) Loss {
			x := m.data(s, b.X)
			h := m.features(s, x)
			book := m.codebook(s)
			index := book.nearest(h)
			e := book.look(index)
			reconstruction := Neg(ReduceAllMean(m.logLikelihood(s, x, straightThrough(h, e))))
			// Both terms are sums over an image's values and vectors, as of a likelihood.
			commitment := DivScalar(ReduceAllSum(Square(Sub(h, StopGradient(e)))), float64(m.Batch))
			perplexity, dead := book.follow(StopGradient(h), index, m.Momentum, m.Restart)
			return Loss{
				Add(reconstruction, MulScalar(commitment, m.Commitment)),
				[]Term{{"reconstruction", reconstruction}, {"commitment", commitment}, {"codes/perplexity", perplexity}, {"codes/dead", dead}},
			}
		}},
		{Name: "prior", Scopes: []string{"prior"}, Optimizer: adam, Loss: func(s *Scope, b Batch) Loss {
			return Loss{Total: Neg(ReduceAllMean(m.logPrior(s, m.Indices(s, m.data(s, b.X)))))}
		}},
	}
}

// features are the encoder's vectors h [n·height·width of the grid, size].
func (m *VQVAE) features(s *Scope, x *Node) *Node {
	s = s.At("encoder")
	halvings, _, _ := m.grid()
	for i := range halvings {
		layer := s.At("down%d", i+1)
		x = nn.ReLU(nn.Conv(layer, x, nn.ConvConfig{Filters: m.Width, Kernel: 4, Stride: 2, Init: nn.He(layer)}))
	}
	x = m.residual(s.At("block2"), m.residual(s.At("block1"), x))
	out := s.At("code")
	return Reshape(nn.Conv(out, x, nn.ConvConfig{Filters: m.Size, Kernel: 1, Init: nn.Glorot(out)}), -1, m.Size)
}

// residual is x + conv1×1(ReLU(conv3×3(ReLU(x)))).
func (m *VQVAE) residual(s *Scope, x *Node) *Node {
	first, second := s.At("wide"), s.At("narrow")
	h := nn.ReLU(nn.Conv(first, nn.ReLU(x), nn.ConvConfig{Filters: m.Width, Kernel: 3, Init: nn.He(first)}))
	return Add(x, nn.Conv(second, h, nn.ConvConfig{Filters: m.Width, Kernel: 1, Init: nn.Glorot(second)}))
}

func (m *VQVAE) decode(s *Scope, e *Node) (mean, spread *Node) {
	s = s.At("decoder")
	halvings, height, width := m.grid()
	in := s.At("code")
	x := nn.Conv(in, Reshape(e, -1, height, width, m.Size), nn.ConvConfig{Filters: m.Width, Kernel: 3, Init: nn.Glorot(in)})
	x = nn.ReLU(m.residual(s.At("block2"), m.residual(s.At("block1"), x)))
	for i := halvings; i > 1; i-- {
		layer := s.At("up%d", i)
		x = nn.ReLU(nn.ConvTranspose(layer, x, nn.ConvConfig{Filters: m.Width, Kernel: 4, Stride: 2, Init: nn.He(layer)}))
	}
	up := func(s *Scope) *Node {
		return nn.ConvTranspose(s, x, nn.ConvConfig{Filters: m.problem.Channels, Kernel: 4, Stride: 2, Init: nn.Glorot(s)})
	}
	mean = up(s.At("mean"))
	if !m.Binary() {
		spread = up(s.At("variance"))
	}
	return mean, spread
}

func (m *VQVAE) codebook(s *Scope) codebook { return codebook{s.At("codebook"), m.Codes, m.Size} }

// CodebookSize implements Quantiser.
func (m *VQVAE) CodebookSize() int { return m.Codes }

// Indices implements Quantiser: the codes of the grid, row by row.
func (m *VQVAE) Indices(s *Scope, x *Node) *Node {
	h := m.features(s, x)
	return Reshape(m.codebook(s).nearest(h), -1, m.latent)
}

// prior maps codes [n, codes of the grid] to the logits of each by those before it, [n, codes of the grid, codes].
func (m *VQVAE) prior(s *Scope, index *Node) *Node {
	s = s.At("prior")
	_, height, width := m.grid()
	hot := Reshape(OneHot(index, m.Codes, dtypes.Float32), -1, m.Codes)
	table, first, out := s.At("table"), s.At("first"), s.At("logits")
	x := Reshape(nn.Linear(table, hot, m.Width, nn.Normal(table, 1)), -1, height, width, m.Width)
	x = nn.Conv(first, x, nn.ConvConfig{Filters: m.Width, Kernel: 5, Mask: nn.MaskA, Init: nn.He(first)})
	for i := range m.Layers {
		wide, narrow := s.At("wide%d", i+1), s.At("narrow%d", i+1)
		h := nn.ReLU(nn.Conv(wide, nn.ReLU(x), nn.ConvConfig{Filters: m.Width, Kernel: 3, Mask: nn.MaskB, Init: nn.He(wide)}))
		x = Add(x, nn.Conv(narrow, h, nn.ConvConfig{Filters: m.Width, Kernel: 1, Init: nn.Glorot(narrow)}))
	}
	return Reshape(nn.Conv(out, nn.ReLU(x), nn.ConvConfig{Filters: m.Codes, Kernel: 1, Init: nn.Glorot(out)}), -1, m.latent, m.Codes)
}

// logPrior is log p(z) [n], in nats, for codes [n, codes of the grid].
func (m *VQVAE) logPrior(s *Scope, index *Node) *Node {
	logs := LogSoftmax(m.prior(s, index), -1)
	return ReduceSum(Mul(logs, OneHot(index, m.Codes, logs.DType())), 1, 2)
}

// Sample implements Sampler: the codes one by one, each chosen by one value of z, and the mean of p(x|z).
func (m *VQVAE) Sample(s *Scope, z *Node) *Node {
	g, n := z.Graph(), z.Shape().Dim(0)
	index := Zeros(g, shapes.Make(dtypes.Int32, n, m.latent))
	places := Iota(g, index.Shape(), 1)
	for i := range m.latent {
		at := Slice(m.prior(s, index), AxisRange(), AxisElem(i), AxisRange())
		next := pick(Slice(z, AxisRange(), AxisElem(i)), Softmax(Reshape(at, n, m.Codes), -1))
		here := Equal(places, AddScalar(ZerosLike(places), float64(i)))
		index = Where(here, BroadcastToShape(ExpandAxes(next, -1), index.Shape()), index)
	}
	e := m.codebook(s).look(Reshape(index, -1))
	return m.pixelModel.Sample(s, Reshape(e, n, -1))
}

// Terms implements ImportanceSampler.
func (m *VQVAE) Terms(s *Scope, x, _ *Node) (reconstruction, kl *Node) {
	index := m.Indices(s, x)
	e := m.codebook(s).look(Reshape(index, -1))
	return m.logLikelihood(s, x, e), Neg(m.logPrior(s, index))
}

// Weights implements ImportanceSampler: all k are the same, as the code is certain.
func (m *VQVAE) Weights(s *Scope, x, _ *Node, k int) *Node {
	reconstruction, kl := m.Terms(s, x, nil)
	return BroadcastToDims(ExpandAxes(Sub(reconstruction, kl), -1), x.Shape().Dim(0), k)
}
