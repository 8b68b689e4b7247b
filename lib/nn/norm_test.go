package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/gomlx/ml/model"
)

const momentum, epsilon = 0.9, 1e-5

// normalise is batch norm by loops over x [..., 3].
func normalise(x, scale, shift []float64) (y, mean, variance []float64) {
	const c = 3
	n := float64(len(x) / c)
	y, mean, variance = make([]float64, len(x)), make([]float64, c), make([]float64, c)
	for i, v := range x {
		mean[i%c] += v / n
	}
	for i, v := range x {
		variance[i%c] += (v - mean[i%c]) * (v - mean[i%c]) / n
	}
	for i, v := range x {
		y[i] = scale[i%c]*(v-mean[i%c])/math.Sqrt(variance[i%c]+epsilon) + shift[i%c]
	}
	return y, mean, variance
}

func TestBatchNorm(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	x, weight := random(r, 4, 3, 2, 3), random(r, 4, 3, 2, 3)
	for i := range x.v {
		x.v[i] = 3*x.v[i] + float64(i%3) // channels differ
	}
	scale, shift := array{[]int{3}, []float64{1, 0.5, -2}}, array{[]int{3}, []float64{0, 1, 3}}
	store := model.NewStore()
	run := func(training bool) (out [][]float64) {
		for _, v := range model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, in []*Node) []*Node {
			s.Store().SetTraining(in[0].Graph(), training)
			s = s.At("norm")
			s.VariableWithShape("scale", in[1].Shape()).SetNodeValue(in[1])
			s.VariableWithShape("shift", in[2].Shape()).SetNodeValue(in[2])
			y := nn.BatchNorm(s, in[0], momentum, epsilon)
			f := ReduceAllSum(Mul(in[3], Add(y, Mul(y, Square(y)))))
			return append([]*Node{y}, Gradient(f, in[:3]...)...)
		}, x.tensor(), scale.tensor(), shift.tensor(), weight.tensor()) {
			out = append(out, flat64(v))
		}
		return out
	}
	average := func(name string) []float64 {
		return flat64(store.GetVariable("/norm/" + name).MustValue())
	}

	got := run(true)
	y, mean, variance := normalise(x.v, scale.v, shift.v)
	near(t, "training output", got[0], y, 1e-12)
	_, m, v := normalise(got[0], scale.v, shift.v)
	near(t, "mean of the output", m, shift.v, 1e-12)
	near(t, "variance of the output", v, []float64{1, 0.25, 4}, 1e-4) // less by ε
	f := func(x, scale, shift array) float64 {
		y, _, _ := normalise(x.v, scale.v, shift.v)
		s := 0.0
		for i, v := range y {
			s += weight.v[i] * (v + v*v*v)
		}
		return s
	}
	near(t, "gradient by x", got[1], slope(func(a array) float64 { return f(a, scale, shift) }, x).v, 1e-6)
	near(t, "gradient by scale", got[2], slope(func(a array) float64 { return f(x, a, shift) }, scale).v, 1e-6)
	near(t, "gradient by shift", got[3], slope(func(a array) float64 { return f(x, scale, a) }, shift).v, 1e-6)

	wantMean, wantVariance := make([]float64, 3), make([]float64, 3)
	for i := range 3 {
		wantMean[i] = (1 - momentum) * mean[i]
		wantVariance[i] = momentum*1 + (1-momentum)*variance[i]*24/23 // unbiased, from 24 pixels
	}
	near(t, "running mean", average("mean"), wantMean, 1e-12)
	near(t, "running variance", average("variance"), wantVariance, 1e-12)

	got = run(false)
	want := make([]float64, len(x.v))
	for i, v := range x.v {
		want[i] = scale.v[i%3]*(v-wantMean[i%3])/math.Sqrt(wantVariance[i%3]+epsilon) + shift.v[i%3]
	}
	near(t, "output with the averages", got[0], want, 1e-12)
	near(t, "running mean after inference", average("mean"), wantMean, 1e-12)
	if store.GetVariable("/norm/mean").Trainable || store.GetVariable("/norm/variance").Trainable {
		t.Error("the running averages are trainable")
	}
}
