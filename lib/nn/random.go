package nn

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// Gaussian draws float32 values from N(0, 1) by the store's random numbers: those of Store.RandomNormal, bit for bit, but where that
// is infinite, which it is once in 2³² values: it holds the uniform number u of which it takes the logarithm above the least float32 there is, and
// where such numbers count as 0, as in XLA's programs for CPUs, the logarithm is −∞. One such value made a long training diverge.
func Gaussian(s *model.Store, g *Graph, shape shapes.Shape) *Node {
	u := s.RandomUniform(g, shape)
	return boxMuller(u, s.RandomUniform(g, shape))
}

// boxMuller makes of u and v, uniform on [0, 1), normal values √(−2 log u)·cos 2πv (Box & Muller 1958). The numbers that are drawn are multiples of
// 2⁻³², so that a u of 0 stands for less than the least other one.
func boxMuller(u, v *Node) *Node {
	u = MaxScalar(u, math.Pow(2, -33))
	return Mul(Sqrt(MulScalar(Log(u), -2)), Cos(MulScalar(v, 2*math.Pi)))
}
