package methods

import (
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"
)

// Maximise runs expectation maximisation from given means, for the tests.
func Maximise(run Runner, data []float32, means [][]float64, iterations int, floor float64) (history, weights []float64, found [][]float64, covariances []*mat.SymDense, err error) {
	f := newMixture(data, len(means), len(means[0]))
	f.means = means
	history, err = f.maximise(run, data, iterations, 0, floor)
	return history, f.weights, f.means, f.covariances, err
}

// Follow is a step of a codebook of the given shape at the root of a scope, for the tests: it returns the vectors for h, a loss's gradient that went
// straight through them to h, the perplexity and the number of dead vectors.
func Follow(s *Scope, h, weights *graph.Node, codes int, momentum float64, restart bool) []*graph.Node {
	b := codebook{s, codes, h.Shape().Dim(1)}
	index := b.nearest(h)
	e := straightThrough(h, b.look(index))
	gradient := graph.Gradient(graph.ReduceAllSum(graph.Mul(weights, graph.Square(e))), h)[0]
	perplexity, dead := b.follow(graph.StopGradient(h), index, momentum, restart)
	return []*graph.Node{e, gradient, perplexity, dead}
}

// PriorLogits are those of vq-vae's prior, for the tests.
func PriorLogits(m *VQVAE, s *Scope, index *graph.Node) *graph.Node { return m.prior(s, index) }

// Projected are the logits of projected discriminators, for the tests, and what a least-squares discriminator and generator would lose by them if those of
// real pictures were y's and those of generated ones x's.
func Projected(s *Scope, sight Sight, x, y *graph.Node) (logits []*graph.Node, judge, deceive *graph.Node) {
	p := perception{sight}
	logits = p.projected(s, x)
	loss := adversarial("least-squares")
	return logits, against(loss, p.projected(s, y), logits), past(loss, logits)
}

// Fine are the logits of fineGAN, for the tests.
func Fine(s *Scope, x *graph.Node, enlarge bool) *graph.Node { return fineGAN(s, x, 8, enlarge) }

// Enlarged and Ramp are for the tests.
func Enlarged(x *graph.Node) *graph.Node { return enlarged(x) }
func Ramp(s *Scope, name string, steps int, g *graph.Graph) *graph.Node {
	return ramp(s, name, steps, g)
}
