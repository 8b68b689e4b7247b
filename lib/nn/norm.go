package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/shapes"
)

// BatchNorm normalises each channel over the batch and the pixels (Ioffe & Szegedy 2015), then scales and shifts it by trained
// vectors. In a training graph it uses the batch's own mean and variance and moves the running averages by 1−momentum; elsewhere it uses
// the averages. x is [batch, ..., channels].
func BatchNorm(s *Scope, x *Node, momentum, epsilon float64) *Node {
	g := x.Graph()
	n := x.Shape().Dim(-1)
	shape := shapes.Make(x.DType(), n)
	gamma := s.WithInitializer(Ones).VariableWithShape("scale", shape).NodeValue(g)
	beta := s.WithInitializer(Zeros).VariableWithShape("shift", shape).NodeValue(g)
	meanVar := s.WithInitializer(Zeros).VariableWithShape("mean", shape).SetTrainable(false)
	varVar := s.WithInitializer(Ones).VariableWithShape("variance", shape).SetTrainable(false)

	mean, variance := meanVar.NodeValue(g), varVar.NodeValue(g)
	if s.Store().IsTraining(g) {
		pixels := float64(x.Shape().Size() / n)
		mean = DivScalar(channelSum(x), pixels)
		variance = Max(Sub(DivScalar(channelSum(Square(x)), pixels), Square(mean)), ZerosLike(mean))
		move := func(old, now *Node) *Node {
			return StopGradient(Add(MulScalar(old, momentum), MulScalar(now, 1-momentum)))
		}
		unbiased := MulScalar(variance, pixels/max(pixels-1, 1))
		meanVar.SetNodeValue(move(meanVar.NodeValue(g), mean))
		varVar.SetNodeValue(move(varVar.NodeValue(g), unbiased))
	}
	scale := Div(gamma, Sqrt(AddScalar(variance, epsilon))) // GoMLX has no gradient for Rsqrt
	shift := Sub(beta, Mul(mean, scale))
	return Add(Mul(x, perChannel(scale, x)), perChannel(shift, x))
}
