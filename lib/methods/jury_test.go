package methods_test

import (
	"math"
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestProjected lets discriminators look through a network of seven depths, each a picture's pixels in other proportions: what they think does not depend on how
// large the features are, their losses are sums over four depths, and the gradient reaches the picture.
func TestProjected(t *testing.T) {
	sight := func(scale float64) methods.Sight {
		return methods.Sight{Maps: func(s *methods.Scope, x *graph.Node) (maps []*graph.Node) {
			if s.Scope() != "/"+methods.Perception {
				t.Errorf("the network's scope is %s", s.Scope())
			}
			for depth := range 7 {
				x := graph.Slice(x, graph.AxisRange(), graph.AxisRange(0, 8-depth), graph.AxisRange(), graph.AxisRange())
				maps = append(maps, graph.MulScalar(graph.Concatenate([]*graph.Node{x, graph.OneMinus(x)}, 3), scale*float64(depth+1)))
			}
			return maps
		}}
	}
	x, y := tensor(uniform(1, 2*8*8*3), 2, 8, 8, 3), tensor(uniform(2, 2*8*8*3), 2, 8, 8, 3)
	store := model.NewStore()
	look := func(scale float64) []*tensors.Tensor {
		exec, err := model.NewExec(xlatest.Backend(t), store, func(s *model.Scope, x, y *graph.Node) []*graph.Node {
			logits, judge, deceive := methods.Projected(s.At("discriminator"), sight(scale), x, y)
			return append(logits, judge, deceive, graph.Gradient(deceive, x)[0])
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		out, err := exec.Call(x, y)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := look(1)
	if len(out) != 4+3 {
		t.Fatalf("%d logits, want 4", len(out)-3)
	}
	deceived := 0.0
	for i, rows := range []int{8, 7, 5, 2} { // of depths 0, 1, 3, 6
		if d := out[i].Shape().Dimensions; !slices.Equal(d, []int{2, rows, 8, 1}) {
			t.Errorf("logits %d are %v", i, d)
		}
		mean, logits := 0.0, flat(out[i])
		for _, v := range logits {
			mean += math.Pow(float64(v)-1, 2) / float64(len(logits))
		}
		deceived += mean / 2
	}
	if got := float64(flat(out[5])[0]); math.Abs(got-deceived) > 1e-5*deceived {
		t.Errorf("the generator loses %g, the depths together %g", got, deceived)
	}
	for i, v := range look(1000)[:6] {
		for k, w := range flat(out[i]) {
			if math.Abs(float64(flat(v)[k]-w)) > 1e-4 {
				t.Fatalf("output %d is %g of features a thousand times as large, and %g", i, flat(v)[k], w)
			}
		}
	}
	gradient := flat(out[6])
	if slices.Max(gradient) == 0 && slices.Min(gradient) == 0 {
		t.Error("no gradient reaches the picture")
	}
}
