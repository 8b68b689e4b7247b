package methods_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// TestLinearTwoWays: the normal equations and the descent, on the same pairs, come to the same weights.
func TestLinearTwoWays(t *testing.T) {
	x := uniform(3, n*side*side)
	images := methods.Images{N: n, Height: side, Width: side, Channels: 1, Random: rand.New(rand.NewPCG(1, 1)), At: func(i int) []uint8 {
		out := make([]uint8, side*side)
		for j := range out {
			out[j] = uint8(255 * x[i*side*side+j])
			x[i*side*side+j] = float32(out[j]) / 255
		}
		return out
	}}
	closed := posed(t, "linear", "gaussian0.5", lab.Set{"window": 3, "ridge": 0})
	want, err := closed.(methods.Fitter).Fit(runner{xlatest.Backend(t)}, images)
	if err != nil {
		t.Fatal(err)
	}

	const steps = 1500
	m := posed(t, "linear-gradient", "gaussian0.5", lab.Set{"window": 3, "learning-rate": 0.02, "decay": 0.8}).(methods.Trainable)
	store := model.NewStore()
	o := m.Objectives()[0]
	exec := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) *graph.Node {
		loss := o.Loss(s, methods.Batch{X: x}).Total
		var vars []*model.Variable
		var nodes []*graph.Node
		for v := range s.Store().IterVariables() {
			if v.Trainable && v.InUseByGraph(x.Graph()) {
				vars, nodes = append(vars, v), append(nodes, v.NodeValue(x.Graph()))
			}
		}
		o.Optimizer.Update(s.Store(), "test", steps, vars, graph.Gradient(loss, nodes...))
		return loss
	})
	defer exec.Finalize()
	batch := tensor(x, n, side, side, 1)
	for range steps {
		exec.MustCall(batch)
	}
	for path, w := range want {
		got := flat(store.GetVariable("/" + path).MustValue())
		for i, v := range got {
			if math.Abs(float64(v-w.Data[i])) > 1e-4 {
				t.Errorf("%s[%d] is %v by descent, %v by the normal equations", path, i, v, w.Data[i])
			}
		}
	}
}

// TestLinearNeedsPatches: equations of which some are missing are refused.
func TestLinearNeedsPatches(t *testing.T) {
	m := posed(t, "linear", "denoise25", lab.Set{"window": 3, "ridge": 0}).(methods.Fitter)
	_, err := m.Fit(runner{xlatest.Backend(t)}, methods.Images{N: 1, Height: 2, Width: 2, Channels: 1, Random: rand.New(rand.NewPCG(1, 1)), At: func(int) []uint8 { return make([]uint8, 4) }})
	if err == nil || !strings.Contains(err.Error(), "linear: the windows of 1 patches do not span the 9 values of a window; raise ridge or patches") {
		t.Errorf("error %v", err)
	}
}
