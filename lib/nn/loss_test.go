package nn_test

import (
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/gomlx/core/tensors"
)

func sigmoid(l float64) float64 { return 1 / (1 + math.Exp(-l)) }

// TestLosses compares values and gradients with their closed forms in float64, up to logits far beyond float32's exp.
func TestLosses(t *testing.T) {
	logits := []float64{-1000, -100, -20, -3, -0.5, 0, 0.5, 3, 20, 100, 1000}
	target := []float64{0, 1, 0.25, 1, 0, 0.75, 1, 0, 0.5, 0, 1}
	x := []float64{0, 1, -2, 0.5, 3, -1, 0.1, 0.9, 10, -10, 0}
	mean := []float64{0, 0, 1, 0.5, -1, -1, 5, 0.2, 9, 4, 0.5}
	logVar := []float64{0, 1, -1, -7, 2, 0, 3, -5, 10, 20, -20}
	type row struct {
		value       func(i int) float64
		derivatives [2]func(i int) float64
	}
	want := []row{
		{func(i int) float64 { // −t log σ(l) − (1−t) log(1−σ(l)), by the side on which σ is small
			l := logits[i]
			return math.Max(l, 0) - target[i]*l + math.Log1p(math.Exp(-math.Abs(l)))
		}, [2]func(i int) float64{
			func(i int) float64 { return sigmoid(logits[i]) - target[i] }, func(i int) float64 { return -logits[i] },
		}},
		{func(i int) float64 {
			s := math.Exp(logVar[i] / 2)
			return math.Log(s*math.Sqrt(2*math.Pi)) + math.Pow((x[i]-mean[i])/s, 2)/2
		}, [2]func(i int) float64{
			func(i int) float64 { return (mean[i] - x[i]) / math.Exp(logVar[i]) },
			func(i int) float64 { return (1 - math.Pow(x[i]-mean[i], 2)/math.Exp(logVar[i])) / 2 },
		}},
		{func(i int) float64 { return (math.Exp(logVar[i]) + mean[i]*mean[i] - 1 - logVar[i]) / 2 }, [2]func(i int) float64{
			func(i int) float64 { return mean[i] }, func(i int) float64 { return (math.Exp(logVar[i]) - 1) / 2 },
		}},
		{func(i int) float64 { return math.Max(x[i], 0) }, [2]func(i int) float64{func(i int) float64 {
			if x[i] > 0 {
				return 1
			}
			return 0
		}}},
		{func(i int) float64 { return math.Max(x[i], 0.2*x[i]) }, [2]func(i int) float64{func(i int) float64 {
			if x[i] > 0 {
				return 1
			}
			return 0.2
		}}},
	}
	got := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
		logits, target, x, mean, logVar := in[0], in[1], in[2], in[3], in[4]
		var out []*Node
		for _, f := range []struct {
			y  *Node
			by []*Node
		}{
			{nn.BernoulliLogits(target, logits), []*Node{logits, target}}, {nn.GaussianNLL(x, mean, logVar), []*Node{mean, logVar}},
			{nn.KLStandard(mean, logVar), []*Node{mean, logVar}}, {nn.ReLU(x), []*Node{x}}, {nn.LeakyReLU(x, 0.2), []*Node{x}},
		} {
			out = append(append(out, f.y), Gradient(ReduceAllSum(f.y), f.by...)...)
		}
		return out
	}, narrow(logits), narrow(target), narrow(x), narrow(mean), narrow(logVar))
	check := func(loss, number int, want func(i int) float64) {
		for i, v := range tensors.MustCopyFlatData[float32](got[0]) {
			if w := want(i); !(math.Abs(float64(v)-w) <= 2e-6*math.Max(1, math.Abs(w))) {
				t.Errorf("loss %d, derivative %d, element %d: %.8g, want %.8g", loss, number, i, v, w)
			}
		}
		got = got[1:]
	}
	for i, r := range want {
		check(i, 0, r.value)
		for j, d := range r.derivatives {
			if d != nil {
				check(i, j+1, d)
			}
		}
	}
}
