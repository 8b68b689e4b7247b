package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// LeakyReLU is x for x > 0 and slope·x below, with a slope from 0 to below 1. Its derivative at 0 is slope, as PyTorch's. The derivative is read
// off the result, so that the argument need not be kept, and a convolution can write its activated result at once.
func LeakyReLU(x *Node, slope float64) *Node {
	low := ZerosLike(x)
	if slope != 0 {
		low = MulScalar(x, slope)
	}
	y := Max(low, x)
	return withGradient(y, func(v *Node) []*Node {
		below := ZerosLike(v)
		if slope != 0 {
			below = MulScalar(v, slope)
		}
		return []*Node{nil, Where(GreaterThan(y, ZerosLike(y)), v, below)}
	})
}

// ReLU is max(x, 0). Its derivative at 0 is 0.
func ReLU(x *Node) *Node { return LeakyReLU(x, 0) }

// ELU is x for x ≥ 0 and eˣ − 1 below (Clevert et al. 2016).
func ELU(x *Node) *Node {
	zero := ZerosLike(x)
	return AddScalar(Add(Max(x, zero), Exp(Min(x, zero))), -1) // GoMLX has no gradient for Expm1
}
