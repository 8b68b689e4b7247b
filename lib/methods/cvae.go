package methods

import (
	"fmt"
	"math"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// CVAE is the conditional VAE (Sohn, Lee & Yan 2015, NeurIPS; with a prior that does not depend on the condition, as Kingma et al. 2014 have it):
// the encoder and the decoder of vae see the class y of the image beside it,
//
//	log p(x|y) ≥ E_q(z|x,y)[log p(x|z, y)] − KL(q(z|x, y) ‖ p(z))
//
// so that z is left with what the class does not say, such as the style of a digit, and samples can be of a given class. log p(x) is the mean
// over the classes, all taken as equally likely.
type CVAE struct {
	dense
}

// Pose implements Method.
func (m *CVAE) Pose(p Problem) error {
	if p.Classes < 2 {
		return fmt.Errorf("cvae: the data has %d classes, but its condition needs at least 2; use vae", p.Classes)
	}
	return m.pose("cvae", p)
}

// Objectives implements Trainable.
func (m *CVAE) Objectives() []Objective {
	return m.objective(func(s *Scope, b Batch) Loss {
		reconstruction, kl := m.given(b.Label).elbo(s, m.data(s, b.X))
		return Loss{Add(reconstruction, ReduceAllSum(kl)), codeTerms(reconstruction, kl)}
	})
}

// labelled are the networks that see the classes hot [n, classes] of images, and of as many codes for each as there are.
type labelled struct {
	*dense
	hot *Node
}

func (l labelled) encode(s *Scope, x *Node) (mean, logVar *Node) {
	return l.dense.encode(s, Concatenate([]*Node{nn.Flatten(x), l.hot}, 1))
}

func (l labelled) decode(s *Scope, z *Node) (mean, spread *Node) {
	hot := Repeat(l.hot, z.Shape().Dim(0)/l.hot.Shape().Dim(0))
	return l.dense.decode(s, Concatenate([]*Node{z, hot}, 1))
}

// given is the autoencoder of images with the labels [n] int32.
func (m *CVAE) given(label *Node) *autoencoder {
	a := m.autoencoder
	networks := labelled{&m.dense, OneHot(label, m.problem.Classes, dtypes.Float32)}
	a.encoder, a.decoder = networks, networks
	return &a
}

// each stacks what fn makes of the autoencoder of each class, for n images, along a new last axis.
func (m *CVAE) each(g *Graph, n int, fn func(a *autoencoder) *Node) *Node {
	var all []*Node
	for class := range m.problem.Classes {
		label := AddScalar(Zeros(g, shapes.Make(dtypes.Int32, n)), float64(class))
		all = append(all, fn(m.given(label)))
	}
	return Stack(all, -1)
}

// SampleClass implements Conditional.
func (m *CVAE) SampleClass(s *Scope, z, label *Node) *Node { return m.given(label).Sample(s, z) }

// Sample implements Sampler, of the classes in turn.
func (m *CVAE) Sample(s *Scope, z *Node) *Node {
	i := Iota(z.Graph(), shapes.Make(dtypes.Int32, z.Shape().Dim(0)), 0)
	return m.SampleClass(s, z, Mod(i, Scalar(z.Graph(), dtypes.Int32, m.problem.Classes)))
}

// LogLikelihood implements Decoder: the mean over the classes.
func (m *CVAE) LogLikelihood(s *Scope, x, z *Node) *Node {
	return logMeanExp(m.each(x.Graph(), x.Shape().Dim(0), func(a *autoencoder) *Node { return a.LogLikelihood(s, x, z) }))
}

// Weights implements ImportanceSampler: the mean over the classes of the weights by each.
func (m *CVAE) Weights(s *Scope, x, eps *Node, k int) *Node {
	return logMeanExp(m.each(x.Graph(), x.Shape().Dim(0), func(a *autoencoder) *Node { return a.Weights(s, x, eps, k) }))
}

// Terms implements ImportanceSampler, with the best q(y|x), which is proportional to the exponential of each class's bound; the KL term contains
// that to the classes' prior.
func (m *CVAE) Terms(s *Scope, x, eps *Node) (reconstruction, kl *Node) {
	part := func(i int) *Node {
		return m.each(x.Graph(), x.Shape().Dim(0), func(a *autoencoder) *Node {
			r, k := a.Terms(s, x, eps)
			return []*Node{r, k}[i]
		})
	}
	reconstruction, kl = part(0), part(1)
	bound := Sub(reconstruction, kl)
	q := Softmax(bound, -1)
	kl = Add(kl, AddScalar(LogSoftmax(bound, -1), math.Log(float64(m.problem.Classes))))
	return ReduceSum(Mul(q, reconstruction), -1), ReduceSum(Mul(q, kl), -1)
}

// Encode implements Encoder, with the class that explains x best.
func (m *CVAE) Encode(s *Scope, x *Node) (mean, logVar *Node) {
	nothing := Zeros(x.Graph(), shapes.Make(dtypes.Float32, x.Shape().Dim(0), m.Latent))
	bounds := m.each(x.Graph(), x.Shape().Dim(0), func(a *autoencoder) *Node {
		r, kl := a.Terms(s, x, nothing)
		return Sub(r, kl)
	})
	return m.given(ArgMax(bounds, -1, dtypes.Int32)).Encode(s, x)
}
