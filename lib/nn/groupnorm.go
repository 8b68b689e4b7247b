package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// GroupNorm normalises each image by the mean and variance of each group of its channels over the pixels (Wu & He 2018), then scales
// and shifts each channel by trained vectors. x is [batch, height, width, channels]; groups must divide channels. It does the same
// in training and after it.
func GroupNorm(s *Scope, x *Node, groups int, epsilon float64) *Node {
	return groupNorm(block{"GroupNorm", s}, x, groups, epsilon)
}

func groupNorm(b block, x *Node, groups int, epsilon float64) *Node {
	b.image(x)
	b.atLeast("groups", groups, 1)
	b.positive("epsilon", epsilon)
	s, d := b.scope, x.Shape().Dimensions
	if d[3]%groups != 0 {
		b.fail("%d groups do not divide the %d channels of x %s; %s do", groups, d[3], x.Shape(), divisors(d[3]))
	}
	grouped := Reshape(x, d[0], d[1]*d[2], groups, d[3]/groups)
	centred := Sub(grouped, ReduceAndKeep(grouped, ReduceMean, 1, 3))
	variance := ReduceAndKeep(Square(centred), ReduceMean, 1, 3)
	y := Reshape(Div(centred, Sqrt(AddScalar(variance, epsilon))), d...)
	shape := shapes.Make(x.DType(), d[3])
	gamma := s.WithInitializer(Ones).VariableWithShape("scale", shape).NodeValue(x.Graph())
	beta := s.WithInitializer(Zeros).VariableWithShape("shift", shape).NodeValue(x.Graph())
	return Add(Mul(y, ExpandLeftToRank(gamma, 4)), ExpandLeftToRank(beta, 4))
}

// InstanceNorm is GroupNorm with a group for each channel (Ulyanov et al. 2016).
func InstanceNorm(s *Scope, x *Node, epsilon float64) *Node {
	block{"InstanceNorm", s}.image(x)
	return groupNorm(block{"InstanceNorm", s}, x, x.Shape().Dim(3), epsilon)
}

// LayerNorm is GroupNorm with one group: over all channels and pixels of an image (Ba et al. 2016).
func LayerNorm(s *Scope, x *Node, epsilon float64) *Node {
	return groupNorm(block{"LayerNorm", s}, x, 1, epsilon)
}

// SpectralNorm divides a weight [..., out] by an estimate of its largest singular value, as a matrix of its last axis against the others
// (Miyato et al. 2018). The estimate comes from one step of power iteration in each training graph, whose vector is a variable of the
// scope and so part of the checkpoint; the gradient takes the vectors as constants, as in the paper.
func SpectralNorm(s *Scope, weight *Node) *Node {
	if weight.Rank() < 2 {
		block{"SpectralNorm", s}.fail("weight is %s, but must be [..., out] of at least two axes", weight.Shape())
	}
	g := weight.Graph()
	out := weight.Shape().Dim(-1)
	w := Reshape(weight, -1, out) // [in, out]
	u := s.WithInitializer(firstVector).VariableWithShape("singular", shapes.Make(weight.DType(), out, 1)).SetTrainable(false)
	right := u.NodeValue(g)
	left := StopGradient(unit(MatMul(w, right)))
	if s.Store().IsTraining(g) {
		right = StopGradient(unit(MatMul(TransposeAllAxes(w, 1, 0), left)))
		u.SetNodeValue(right)
	}
	sigma := ReduceAllSum(Mul(left, MatMul(w, right)))
	return Div(weight, sigma)
}

// firstVector begins the power iteration with equal parts, so that it does not depend on the random numbers.
var firstVector model.VariableInitializer = func(g *Graph, shape shapes.Shape) *Node { return unit(Ones(g, shape)) }

func unit(v *Node) *Node {
	return Div(v, Sqrt(AddScalar(ReduceAllSum(Square(v)), 1e-12)))
}
