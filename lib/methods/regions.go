package methods

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
)

// classify is the one objective of a network that tells regions apart: the mean over pixels of the cross-entropy of its scores.
func (m *Pairs) classify(scores func(s *Scope, x *Node) *Node) []Objective {
	o := m.regress(0, nil)
	o[0].Loss = func(s *Scope, b Batch) Loss {
		y := LogSoftmax(scores(s, b.X))
		region := ConvertDType(AddScalar(MulScalar(Squeeze(b.Target, 3), 255), 0.5), dtypes.Int32)
		truth := OneHot(region, m.problem.Classes, y.DType())
		entropy := Neg(ReduceAllMean(ReduceSum(Mul(truth, y), -1)))
		right := Equal(ArgMax(y, -1, dtypes.Int32), region)
		return Loss{entropy, []Term{{"accuracy", ReduceAllMean(ConvertDType(right, y.DType()))}}}
	}
	return o
}

// grey is embedded in methods that tell regions apart by how bright they are: the darkest is the first, and so on.
type grey struct{ Posed }

// Pose implements Method.
func (m *grey) Pose(p Problem) error {
	if p.Classes < 2 || p.Classes > 3 || p.Channels != 1 {
		return fmt.Errorf("pictures of %d channels with %d regions cannot be told apart by thresholds, which are for grey pictures with 2 or 3; use unet", p.Channels, p.Classes)
	}
	return m.Posed.Pose(p)
}

// above is scores of 1 for each pixel's region, [n, h, w, regions], by thresholds [n, regions−1] that grow.
func (m *grey) above(x, thresholds *Node) *Node {
	n, k := x.Shape().Dim(0), m.problem.Classes
	region := ReduceSum(ConvertDType(GreaterThan(x, Reshape(thresholds, n, 1, 1, k-1)), dtypes.Int32), 3)
	return OneHot(region, k, x.DType())
}
