package methods

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// CSGM restores a picture as one that a generator G makes (Bora, Jalal, Price & Dimakis 2017, Compressed sensing using generative models,
// arXiv:1703.03208): x̂ = G(ẑ) with
//
//	ẑ = argmin ‖A G(z) − y‖² + λ‖z‖²
//
// by Adam from several z ~ N(0, 1), of which the best is taken. The generator is that of a run: a VAE's decoder or a GAN's. What the
// generator cannot make, the picture cannot be.
type CSGM struct {
	Posed
	Restarts     int     `default:"4" range:"1:1000" help:"latents to begin with"`
	Steps        int     `default:"300" range:"1:100000" help:"steps of Adam for each"`
	LearningRate float64 `default:"0.05" range:"0:" help:"Adam's step size"`
	Lambda       float64 `default:"0.001" range:"0:" help:"λ, the weight of the latent's squared norm"`
	generator    Sampler
	makes        Problem // what the generator was posed
}

// Borrows implements Borrower.
func (m *CSGM) Borrows() bool { return true }

// Lend implements Borrower.
func (m *CSGM) Lend(lender Method, name string, p Problem) error {
	generator, ok := lender.(Sampler)
	if !ok {
		return fmt.Errorf("the run of %s did not learn to make pictures; name one of a generator, such as vae or dcgan", name)
	}
	m.generator, m.makes = generator, p
	return nil
}

// Adapt implements Adapter.
func (m *CSGM) Adapt() (int, nn.Optimizer) { return m.Steps, nn.Adam{LearningRate: m.LearningRate} }

// Misfit implements Adapter.
func (m *CSGM) Misfit(s *Scope, y, aux *Node) *Node {
	_, misfit := m.tries(s, y, aux)
	return ReduceAllSum(misfit)
}

// Restore implements Restorer.
func (m *CSGM) Restore(s *Scope, y, aux *Node) *Node {
	x, misfit := m.tries(s, y, aux)
	best := OneHot(ArgMax(Neg(misfit), 0, dtypes.Int32), m.Restarts, x.DType())
	return ReduceAndKeep(Mul(x, Reshape(best, m.Restarts, 1, 1, 1)), ReduceSum, 0)
}

// tries are the pictures of all latents, and how badly each fits y, [restarts].
func (m *CSGM) tries(s *Scope, y, aux *Node) (x, misfit *Node) {
	at := s.At(Adapted)
	z := at.WithInitializer(nn.Normal(at, 1)).VariableWithShape("latent", shapes.Make(y.DType(), m.Restarts, m.generator.LatentSize())).NodeValue(y.Graph())
	x = m.generator.Sample(s.At(Borrowed), z)
	ax := m.problem.Operator.Forward(x, aux)
	if d, e := ax.Shape().Dimensions, y.Shape().Dimensions; d[1] != e[1] || d[2] != e[2] || d[3] != e[3] {
		panic(fmt.Errorf("csgm: the generator makes pictures of %d×%d×%d, which become measurements of %d×%d×%d, not of %d×%d×%d; restore pictures of the size that it learnt",
			m.makes.Width, m.makes.Height, m.makes.Channels, d[2], d[1], d[3], e[2], e[1], e[3]))
	}
	sum := func(v *Node) *Node { return ReduceSum(Reshape(Square(v), m.Restarts, -1), 1) }
	return x, Add(sum(Sub(ax, y)), MulScalar(sum(z), m.Lambda))
}
