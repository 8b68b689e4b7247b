package nn_test

import (
	"fmt"
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestInitializers compares mean, deviation and, for Glorot, range of 57600 draws with the papers' formulas.
func TestInitializers(t *testing.T) {
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		t.Fatal(err)
	}
	const in, out = 80, 80 // the kernel is [3, 3, 80, 80]
	tests := []struct {
		name      string
		init      func(s *nn.Scope) nn.Initializer
		deviation float64
		limit     float64
	}{
		{"Normal", func(s *nn.Scope) nn.Initializer { return nn.Normal(s, 0.02) }, 0.02, math.Inf(1)},
		{"Glorot", nn.Glorot, math.Sqrt(2.0 / (9 * (in + out))), math.Sqrt(6.0 / (9 * (in + out)))},
		{"He", nn.He, math.Sqrt(2.0 / (9 * in)), math.Inf(1)},
	}
	got := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, g *Graph) []*Node {
		var all []*Node
		for _, c := range tests {
			all = append(all, c.init(s)(g, shapes.Make(dtypes.Float32, 3, 3, in, out)))
		}
		return all
	})
	for i, c := range tests {
		v := wide(tensors.MustCopyFlatData[float32](got[i]))
		n := float64(len(v))
		sum, squares, largest := 0.0, 0.0, 0.0
		for _, x := range v {
			sum += x
			squares += x * x
			largest = math.Max(largest, math.Abs(x))
		}
		if mean := sum / n; math.Abs(mean) > 5*c.deviation/math.Sqrt(n) {
			t.Errorf("%s: mean %g, want 0", c.name, mean)
		}
		if d := math.Sqrt(squares / n); math.Abs(d/c.deviation-1) > 5/math.Sqrt(2*n) {
			t.Errorf("%s: deviation %g, want %g", c.name, d, c.deviation)
		}
		if largest > c.limit*1.0001 || !math.IsInf(c.limit, 1) && largest < 0.99*c.limit {
			t.Errorf("%s: largest %g, limit %g", c.name, largest, c.limit)
		}
	}
}

func TestDense(t *testing.T) {
	store := model.NewStore()
	for path, v := range map[string]any{"/weights": [][]float32{{1, 2, 3}, {4, 5, 6}}, "/bias": []float32{10, 20, 30}} {
		if _, err := store.CreateVariable(path, tensors.MustFromAnyValue(v)); err != nil {
			t.Fatal(err)
		}
	}
	got := model.MustCallOnce(xlatest.Backend(t), store, func(s *model.Scope, x *Node) *Node {
		return nn.Dense(s, nn.Flatten(x), 3, nn.Glorot(s))
	}, [][][]float32{{{1}, {2}}, {{0}, {-1}}})
	if want := "[[19 32 45] [6 15 24]]"; fmt.Sprint(got.Value()) != want {
		t.Errorf("Dense gives %v, want %s", got.Value(), want)
	}
}
