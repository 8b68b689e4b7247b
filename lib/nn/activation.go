package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// LeakyReLU is x for x > 0 and slope·x below; slope must be below 1. Its derivative at 0 is slope, as PyTorch's: GoMLX's Max passes the
// gradient to its first argument where both are equal.
func LeakyReLU(x *Node, slope float64) *Node { return Max(MulScalar(x, slope), x) }

// ReLU is max(x, 0). Its derivative at 0 is 0.
func ReLU(x *Node) *Node { return Max(ZerosLike(x), x) }

// ELU is x for x ≥ 0 and eˣ − 1 below (Clevert et al. 2016).
func ELU(x *Node) *Node {
	zero := ZerosLike(x)
	return AddScalar(Add(Max(x, zero), Exp(Min(x, zero))), -1) // GoMLX has no gradient for Expm1
}
