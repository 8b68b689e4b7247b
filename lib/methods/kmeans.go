package methods

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// KMeans tells regions apart by the clusters of a picture's greys (Lloyd 1982): each pixel belongs to the nearest of k means, and each mean is that of its
// pixels, in turn. The means begin evenly between the darkest and the brightest pixel.
type KMeans struct {
	grey
	Iterations int `default:"20" range:"1:1000" help:"times that pixels and means are told anew"`
}

// Scores implements Segmenter.
func (m *KMeans) Scores(_ *Scope, x *Node) *Node {
	n, k := x.Shape().Dim(0), m.problem.Classes
	v := Reshape(x, n, -1)
	low, high := ReduceAndKeep(v, ReduceMin, 1), ReduceAndKeep(v, ReduceMax, 1)
	place := Iota(x.Graph(), shapes.Make(x.DType(), n, k), 1)
	means := Add(low, Mul(Sub(high, low), MulScalar(AddScalar(place, 0.5), 1/float64(k))))
	between := func() *Node { return MulScalar(Add(part(means, 1, 0, k-1), part(means, 1, 1, k)), 0.5) } // the greys halfway
	for range m.Iterations {
		belongs := Reshape(m.above(x, between()), n, -1, k)
		count := ReduceSum(belongs, 1)
		sum := ReduceSum(Mul(belongs, ExpandAxes(v, 2)), 1)
		empty := ConvertDType(Equal(count, ZerosLike(count)), dtypes.Float32)
		means = Add(Mul(empty, means), Div(sum, MaxScalar(count, 1))) // one without pixels stays
	}
	return m.above(x, between())
}
