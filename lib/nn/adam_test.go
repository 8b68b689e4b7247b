package nn_test

import (
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// adam is algorithm 1 of Kingma & Ba 2015 in float64, with the step size of step t = 1, 2, … given.
func adam(w []float64, steps int, b1, b2, epsilon float64, rate func(t int) float64, gradient func(i int, w float64) float64) {
	m, v := make([]float64, len(w)), make([]float64, len(w))
	for t := 1; t <= steps; t++ {
		for i := range w {
			g := gradient(i, w[i])
			m[i] = b1*m[i] + (1-b1)*g
			v[i] = b2*v[i] + (1-b2)*g*g
			mHat, vHat := m[i]/(1-math.Pow(b1, float64(t))), v[i]/(1-math.Pow(b2, float64(t)))
			w[i] -= rate(t) * mHat / (math.Sqrt(vHat) + epsilon)
		}
	}
}

// TestAdam trains two groups of weights side by side on ½cw² + sin w, as the two networks of a GAN, each with its own settings.
func TestAdam(t *testing.T) {
	const steps = 20
	start, c := []float64{1, -2, 0.5}, []float64{1, 10, 0.1}
	gradient := func(i int, w float64) float64 { return c[i]*w + math.Cos(w) }
	groups := []struct {
		name  string
		set   nn.Adam
		want  [3]float64 // β₁, β₂, ε after defaults
		decay float64
	}{
		{"plain", nn.Adam{LearningRate: 0.1}, [3]float64{0.9, 0.999, 1e-7}, 0},
		{"decay", nn.Adam{LearningRate: 0.1, Beta1: 0.5, Beta2: 0.99, Epsilon: 1e-3, Decay: 0.5}, [3]float64{0.5, 0.99, 1e-3}, 0.5},
	}
	store := model.NewStore()
	for _, g := range groups {
		if _, err := store.CreateVariable("/"+g.name+"/w", tensors.FromFlatDataAndDimensions(narrow(start), 3)); err != nil {
			t.Fatal(err)
		}
	}
	exec := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, c *Node) *Node {
		var losses []*Node
		for _, g := range groups {
			v := s.Store().GetVariable("/" + g.name + "/w")
			w := v.NodeValue(c.Graph())
			loss := ReduceAllSum(Add(MulScalar(Mul(c, Square(w)), 0.5), Sin(w)))
			g.set.Update(s.Store(), g.name, steps, []*model.Variable{v}, Gradient(loss, w))
			losses = append(losses, loss)
		}
		return Add(losses[0], losses[1])
	})
	for done := 1; done <= steps; done++ {
		exec.MustCall(narrow(c))
		for _, g := range groups {
			if done != 1 && done != 2 && done != 15 && done != steps {
				continue
			}
			want := append([]float64(nil), start...)
			adam(want, done, g.want[0], g.want[1], g.want[2], func(t int) float64 {
				if g.decay == 0 {
					return 0.1
				}
				return 0.1 * math.Min(1, float64(steps+1-t)/(g.decay*steps)) // whole until step 11, then down to a tenth of it at step 20
			}, gradient)
			got := store.GetVariable("/" + g.name + "/w").MustValue()
			near(t, g.name, wide(tensors.MustCopyFlatData[float32](got)), want, 5e-6)
			count := store.GetVariable("/adam/" + g.name + "/step")
			if count == nil || count.Trainable || count.MustValue().Value() != int64(done) {
				t.Fatalf("%s: the step in the checkpoint is %v, want %d", g.name, count, done)
			}
		}
	}
}
