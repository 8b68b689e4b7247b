package nn

import (
	"math"
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestGaussian: the numbers are GoMLX's, twice in a row, so that what was trained with those can be made again.
func TestGaussian(t *testing.T) {
	shape := shapes.Make(dtypes.Float32, 1000)
	draw := func(normal func(s *model.Store, g *Graph) *Node) []float32 {
		store := model.NewStore()
		if err := store.SetRNGStateFromSeed(7); err != nil {
			t.Fatal(err)
		}
		out := model.MustCallOnce(xlatest.Backend(t), store, func(s *model.Scope, x *Node) *Node {
			return Concatenate([]*Node{normal(s.Store(), x.Graph()), normal(s.Store(), x.Graph())}, 0)
		}, float32(0))
		return tensors.MustCopyFlatData[float32](out)
	}
	got := draw(func(s *model.Store, g *Graph) *Node { return Gaussian(s, g, shape) })
	want := draw(func(s *model.Store, g *Graph) *Node { return s.RandomNormal(g, shape) })
	if !slices.Equal(got, want) {
		t.Error("the numbers are not those of GoMLX")
	}
}

// TestGaussianFinite: of a uniform number of 0 as of the least other one.
func TestGaussianFinite(t *testing.T) {
	out := MustExecOnce(xlatest.Backend(t), func(u *Node) *Node { return boxMuller(u, ZerosLike(u)) }, []float32{0, 1.0 / (1 << 32)})
	got := out.Value().([]float32)
	for i, want := range []float64{math.Sqrt(66 * math.Ln2), math.Sqrt(64 * math.Ln2)} {
		if math.Abs(float64(got[i])-want) > 1e-5 {
			t.Errorf("value %d is %g, want %g", i, got[i], want)
		}
	}
}
