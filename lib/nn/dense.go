package nn

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// Scope is where a block's variables live.
type Scope = model.Scope

// Initializer draws the first value of a weight.
type Initializer = model.VariableInitializer

// Normal draws from a normal distribution of mean 0 (Radford et al. 2015 use a deviation of 0.02).
func Normal(s *Scope, deviation float64) Initializer {
	return func(g *Graph, shape shapes.Shape) *Node {
		return MulScalar(Gaussian(s.Store(), g, shape), deviation)
	}
}

// Glorot draws uniformly from ±√(6/(fanIn+fanOut)) (Glorot & Bengio 2010).
func Glorot(s *Scope) Initializer {
	return func(g *Graph, shape shapes.Shape) *Node {
		in, out := fans(shape)
		limit := math.Sqrt(6 / float64(in+out))
		return MulScalar(AddScalar(MulScalar(s.Store().RandomUniform(g, shape), 2), -1), limit)
	}
}

// He draws from a normal distribution of deviation √(2/fanIn) (He et al. 2015).
func He(s *Scope) Initializer {
	return func(g *Graph, shape shapes.Shape) *Node {
		in, _ := fans(shape)
		return MulScalar(Gaussian(s.Store(), g, shape), math.Sqrt(2/float64(in)))
	}
}

// fans are the numbers of inputs and outputs of one unit, for weights [in, out] and kernels [height, width, in, out].
func fans(shape shapes.Shape) (in, out int) {
	d := shape.Dimensions
	field := 1
	for _, n := range d[:len(d)-2] {
		field *= n
	}
	return d[len(d)-2] * field, d[len(d)-1] * field
}

// Dense is x·W + b for x [batch, in], giving [batch, units].
func Dense(s *Scope, x *Node, units int, init Initializer) *Node {
	return AddBias(s, linear(block{"Dense", s}, x, units, init, false))
}

// Linear is Dense without b.
func Linear(s *Scope, x *Node, units int, init Initializer) *Node {
	return linear(block{"Linear", s}, x, units, init, false)
}

// SpectralLinear is Linear with W divided by its spectral norm; AddBias makes a Dense of it.
func SpectralLinear(s *Scope, x *Node, units int, init Initializer) *Node {
	return linear(block{"SpectralLinear", s}, x, units, init, true)
}

func linear(b block, x *Node, units int, init Initializer, spectral bool) *Node {
	s := b.scope
	if x.Rank() != 2 || !x.DType().IsFloat() {
		b.fail("x is %s, but must be [batch, in] of floating-point numbers; nn.Flatten makes it so", x.Shape())
	}
	b.atLeast("units", units, 1)
	b.initializer(init)
	in := x.Shape().Dim(-1)
	w := s.WithInitializer(init).VariableWithShape("weights", shapes.Make(x.DType(), in, units)).NodeValue(x.Graph())
	if spectral {
		w = SpectralNorm(s, w)
	}
	return Dot(x, w).Product()
}

// Maxout is the largest of so many pieces of each unit, each piece a Dense (Goodfellow et al. 2013, arXiv:1302.4389): [batch, in] becomes [batch,
// units].
func Maxout(s *Scope, x *Node, units, pieces int, init Initializer) *Node {
	b := block{"Maxout", s}
	b.atLeast("units", units, 1)
	b.atLeast("pieces", pieces, 1)
	h := AddBias(s, linear(b, x, units*pieces, init, false))
	most := along(h, 1, 0, units)
	for k := 1; k < pieces; k++ {
		most = Max(most, along(h, 1, k*units, (k+1)*units))
	}
	return most
}

// Dropout sets each value of x to 0 with probability rate, in [0, 1), and divides the others by 1 − rate (Srivastava et al. 2014); in a training
// graph only.
func Dropout(s *Scope, x *Node, rate float64) *Node {
	if !(rate >= 0 && rate < 1) {
		block{"Dropout", s}.fail("rate is %g; it must be at least 0 and below 1", rate)
	}
	if rate == 0 || !s.Store().IsTraining(x.Graph()) {
		return x
	}
	kept := s.RandomBernoulli(Scalar(x.Graph(), x.DType(), 1-rate), x.Shape())
	return MulScalar(Mul(x, kept), 1/(1-rate))
}

// AddBias adds a trained vector to the last axis; it begins as zeros.
func AddBias(s *Scope, x *Node) *Node {
	n := x.Shape().Dim(-1)
	b := s.WithInitializer(Zeros).VariableWithShape("bias", shapes.Make(x.DType(), n)).NodeValue(x.Graph())
	return Add(x, perChannel(b, x))
}

// perChannel gives a vector [c] the shape of x [..., c].
func perChannel(vector, x *Node) *Node {
	row := ExpandLeftToRank(vector, x.Rank())
	return withGradient(BroadcastToShape(row, x.Shape()), func(v *Node) []*Node {
		return []*Node{ReshapeWithShape(channelSum(v), row.Shape())}
	})
}

// channelSum sums x [..., c] over everything but the channels. It is a true two-dimensional sum behind a barrier: of any other XLA's CPU backend
// makes a windowed reduction, which takes eight times as long.
func channelSum(x *Node) *Node { return ReduceSum(barrier(Reshape(x, -1, x.Shape().Dim(-1))), 0) }

// barrier is x, which XLA must then compute for itself. go-xla leaves out a barrier of one value, so a constant stands beside it.
func barrier(x *Node) *Node { return OptimizationBarriers(x, ScalarZero(x.Graph(), x.DType()))[0] }

// Flatten makes [batch, everything else].
func Flatten(x *Node) *Node { return Reshape(x, x.Shape().Dim(0), -1) }
