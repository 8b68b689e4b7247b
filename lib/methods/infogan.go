package methods

import (
	"math"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
)

// InfoGAN learns without labels what can be controlled (Chen et al. 2016, arXiv:1606.03657). The generator's input is noise z beside a code c: a category and
// some numbers. A network Q that shares all but its last layers with the discriminator guesses c from the image, and both players maximise
//
//	E[log Q(c|G(z, c))] ≤ I(c; G(z, c)) − H(c)
//
// so that the code must show in the image. On MNIST the category becomes the digit, the numbers slant and width. Q's guess of a number has deviation 1, as in
// the authors' code, so that it is scored by half its squared error. The paper's own configuration for MNIST is latent=62 batch=128 average=0 with step sizes
// 0.0002 for the discriminator and 0.001 for the generator.
//
// An image is made of standard normal values, of which the first tell the code: the first of all is the category, by its quantile, and the next are the
// numbers, mapped to a uniform distribution on (−1, 1).
type InfoGAN struct {
	Convolutional
	Categories     int     `default:"10" range:"2:1000" help:"values of the code's category"`
	Numbers        int     `default:"2" range:"1:100" help:"numbers in the code"`
	CategoryWeight float64 `default:"1" range:"0:" help:"weight of the information about the category"`
	NumberWeight   float64 `default:"0.1" range:"0:" help:"weight of the information about the numbers"`
	LearningRate   float64 `default:"0.0002" range:"0:" help:"Adam's step size for the discriminator"`
	GeneratorRate  float64 `default:"0.001" range:"0:" help:"Adam's step size for the generator"`
	Beta1          float64 `default:"0.5" range:"0:0.999" help:"Adam's first moment decay"`
}

// Pose implements Method.
func (m *InfoGAN) Pose(p Problem) error { return m.pose("infogan", p) }

// LatentSize implements Sampler.
func (m *InfoGAN) LatentSize() int { return 1 + m.Numbers + m.Latent }

// Objectives implements Trainable.
func (m *InfoGAN) Objectives() []Objective {
	return Game{
		Loss: adversarial("non-saturating"), Latent: m.LatentSize(), Average: m.Average,
		Discriminator: nn.Adam{LearningRate: m.LearningRate, Beta1: m.Beta1, Beta2: 0.999},
		Generator:     nn.Adam{LearningRate: m.GeneratorRate, Beta1: m.Beta1, Beta2: 0.999},
		Generate:      func(s *Scope, z, _ *Node) *Node { return m.generate(s, z) },
		Discriminate:  func(s *Scope, x, _ *Node) *Node { return m.discriminate(s, x) },
		Inform:        m.inform,
	}.Objectives()
}

// code reads the category, as vectors [n, categories] with a single 1, and the numbers [n, numbers] from z.
func (m *InfoGAN) code(z *Node) (category, numbers *Node) {
	uniform := Erf(MulScalar(Slice(z, AxisRange(), AxisRange(0, 1+m.Numbers)), math.Sqrt(0.5)))
	first := Reshape(Slice(uniform, AxisRange(), AxisRange(0, 1)), -1)
	quantile := MulScalar(AddScalar(first, 1), 0.5*float64(m.Categories))
	index := ClipScalar(Floor(quantile), 0, float64(m.Categories-1))
	return OneHot(ConvertDType(index, dtypes.Int32), m.Categories, z.DType()), Slice(uniform, AxisRange(), AxisRange(1))
}

func (m *InfoGAN) generate(s *Scope, z *Node) *Node {
	category, numbers := m.code(z)
	return m.Convolutional.generate(s, Concatenate([]*Node{category, numbers, Slice(z, AxisRange(), AxisRange(1+m.Numbers))}, 1))
}

// discriminate maps images in [−1, 1] to the logit and Q's guess of the code, [n, 1 + categories + numbers].
func (m *InfoGAN) discriminate(s *Scope, x *Node) *Node {
	features := m.features(s, x, "batch")
	hidden, guess := s.At("discriminator").At("hidden"), s.At("discriminator").At("guess")
	q := nn.BatchNorm(hidden, nn.Linear(hidden, nn.Flatten(features), 128, nn.Normal(hidden, 0.02)), 0.9, 1e-5)
	q = nn.Dense(guess, nn.LeakyReLU(q, 0.2), m.Categories+m.Numbers, nn.Normal(guess, 0.02))
	return Concatenate([]*Node{score(s, features, "batch", adversarial("non-saturating")), q}, 1)
}

// inform is −E[log Q(c|x)] up to a constant. Its terms are what Q knows about the category, in nats, at most the logarithm of their number; and the mean squared
// error of its guesses of the numbers, ⅓ for none.
func (m *InfoGAN) inform(z, guess *Node) Loss {
	category, numbers := m.code(z)
	surprise := ReduceAllMean(nn.CategoricalLogits(category, Slice(guess, AxisRange(), AxisRange(0, m.Categories)), 0))
	missed := Square(Sub(Slice(guess, AxisRange(), AxisRange(m.Categories)), numbers))
	half := MulScalar(ReduceAllMean(ReduceSum(missed, 1)), 0.5)
	return Loss{
		Add(MulScalar(surprise, m.CategoryWeight), MulScalar(half, m.NumberWeight)),
		[]Term{{"information", AddScalar(Neg(surprise), math.Log(float64(m.Categories)))}, {"missed", ReduceAllMean(missed)}},
	}
}

// Sample implements Sampler.
func (m *InfoGAN) Sample(s *Scope, z *Node) *Node { return brightness(m.generate(s, z)) }
