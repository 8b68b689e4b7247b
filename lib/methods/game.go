package methods

import (
	"slices"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Game is what the adversarial methods share (Goodfellow et al. 2014): in each step a discriminator learns to tell real images from generated
// ones, and then a generator to have its own taken for real. Images are in [−1, 1] here.
type Game struct {
	Loss          nn.AdversarialLoss
	Latent        int                                  // size of the noise z
	Generate      func(s *Scope, z, label *Node) *Node // z [n, latent] to images, its variables below "generator"; label is [n] int32, nil without labels
	Discriminate  func(s *Scope, x, label *Node) *Node // images to logits, or a critic's scores, [n, 1 + what Inform is for]; its variables below "discriminator"
	Discriminator nn.Optimizer
	Generator     nn.Optimizer
	Critic        int     // updates of the discriminator in a step; 0 means 1
	Average       float64 // decay of the moving average of the generator, 0 for none

	// Penalty is the weight of the gradient penalty between real and generated images (Gulrajani et al. 2017), R1 that of half the squared gradient at
	// real ones (Mescheder et al. 2018). With either, no image's score may depend on another's: there is no batch norm in the discriminator.
	Penalty, R1 float64

	// Inform, if not nil, is a loss that both minimise, of the noise z and what Discriminate finds out about the image of it, beside the logit (Chen
	// et al. 2016).
	Inform func(z, found *Node) Loss
}

// Objectives are the two players' turns.
func (g Game) Objectives() []Objective {
	return []Objective{
		{Name: "discriminator", Scopes: []string{"discriminator"}, Optimizer: g.Discriminator, Updates: g.Critic, Loss: g.judge},
		{Name: "generator", Scopes: []string{"generator"}, Optimizer: g.Generator, Average: g.Average, Loss: g.deceive},
	}
}

// judge is the discriminator's turn.
func (g Game) judge(s *Scope, b Batch) Loss {
	real := AddScalar(MulScalar(b.X, 2), -1)
	z := g.noise(s, real)
	fake := StopGradient(g.Generate(s, z, b.Label))
	discriminate := func(x *Node) (score, found *Node) { return split(g.Discriminate(s, x, b.Label)) }
	critic := func(x *Node) *Node { score, _ := discriminate(x); return score }
	onReal := critic(real)
	onFake, found := discriminate(fake)
	loss := Loss{g.Loss.Discriminator(onReal, onFake), g.opinions(onReal, onFake)}
	add := func(name string, weight float64, term *Node) {
		loss.Total = Add(loss.Total, MulScalar(term, weight))
		loss.Terms = append(loss.Terms, Term{name, term})
	}
	if g.Penalty > 0 {
		u := s.RandomUniform(real.Graph(), shapes.Make(real.DType(), real.Shape().Dim(0), 1, 1, 1))
		add("penalty", g.Penalty, nn.GradientPenalty(critic, real, fake, u))
	}
	if g.R1 > 0 {
		add("r1", g.R1, nn.R1(critic, real))
	}
	return g.inform(z, found, loss)
}

// deceive is the generator's turn.
func (g Game) deceive(s *Scope, b Batch) Loss {
	z := g.noise(s, b.X)
	fake := g.Generate(s, z, b.Label)
	score, found := split(g.Discriminate(s, fake, b.Label))
	return g.inform(z, found, Loss{g.Loss.Generator(score), []Term{{"diversity", diversity(fake)}}})
}

// split parts the logits from what else there is.
func split(y *Node) (score, found *Node) {
	if y.Shape().Dim(1) == 1 {
		return y, nil
	}
	return Slice(y, AxisRange(), AxisRange(0, 1)), Slice(y, AxisRange(), AxisRange(1))
}

func (g Game) inform(z, found *Node, loss Loss) Loss {
	if g.Inform == nil {
		return loss
	}
	more := g.Inform(z, found)
	return Loss{Add(loss.Total, more.Total), append(loss.Terms, more.Terms...)}
}

// noise draws z for as many images as x has.
func (g Game) noise(s *Scope, x *Node) *Node {
	return nn.Gaussian(s.Store(), x.Graph(), shapes.Make(x.DType(), x.Shape().Dim(0), g.Latent))
}

// opinions are what the discriminator thinks of real and generated images, on average, and the share of each that it is right about. A Wasserstein
// critic's scores have no border between real and not: they are told by their distance, which estimates that of the distributions.
func (g Game) opinions(onReal, onFake *Node) []Term {
	border, scale := 0.0, func(x *Node) *Node { return x }
	switch g.Loss.Name {
	case "wasserstein":
		real, fake := ReduceAllMean(onReal), ReduceAllMean(onFake)
		return []Term{{"real", real}, {"fake", fake}, {"distance", Sub(real, fake)}}
	case "least-squares":
		border = 0.5
	case "hinge":
	default:
		scale = Sigmoid
	}
	share := func(yes *Node) *Node { return ReduceAllMean(ConvertDType(yes, dtypes.Float32)) }
	middle := Scalar(onReal.Graph(), onReal.DType(), border)
	right, seen := share(GreaterThan(onReal, middle)), share(LessThan(onFake, middle))
	return []Term{
		{"real", ReduceAllMean(scale(onReal))}, {"fake", ReduceAllMean(scale(onFake))},
		{"accuracy", MulScalar(Add(right, seen), 0.5)}, {"accuracy-real", right}, {"accuracy-fake", seen},
	}
}

// diversity is the mean deviation of a pixel over the batch.
func diversity(fake *Node) *Node { return ReduceAllMean(Sqrt(AddScalar(pixelVariance(fake), 1e-12))) }

// pixelVariance is the variance of each pixel over the batch: near 0 once the samples are all alike.
func pixelVariance(x *Node) *Node {
	mean := ReduceAndKeep(x, ReduceMean, 0)
	return ReduceMean(Square(Sub(x, mean)), 0)
}

// adversarial returns the loss of that name, one of nn.AdversarialLosses.
func adversarial(name string) nn.AdversarialLoss {
	i := slices.IndexFunc(nn.AdversarialLosses, func(l nn.AdversarialLoss) bool { return l.Name == name })
	return nn.AdversarialLosses[i]
}
