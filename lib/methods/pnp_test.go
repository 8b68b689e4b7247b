package methods_test

import (
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// apart is the root mean square of a − b.
func apart(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += (v - b[i]) * (v - b[i])
	}
	return math.Sqrt(sum / float64(len(a)))
}

// TestPnPWithTV: with the proximal step of total variation for its denoiser and a constant level, ADMM finds what the primal-dual algorithm
// does: the minimum of ½‖Ax − y‖² + 0.9σ·TV(x).
func TestPnPWithTV(t *testing.T) {
	const h, w, operator = 24, 36, "gaussian0.6+denoise10"
	want, _ := references(t)
	y := want["y"]
	best := restored(t, "tv", operator, lab.Set{"iterations": 500}, y, h, w)
	got := restored(t, "pnp", operator, lab.Set{"denoiser": "tv", "form": "admm", "first": 10, "lambda": 1, "iterations": 8}, y, h, w)
	if d := apart(got, best); d > 0.08*apart(y, best) {
		t.Errorf("ADMM is %g from the minimum, which is %g from the measurement", d, apart(y, best))
	}
}

// TestREDIsStationary: the gradient of RED's objective vanishes where it ends, and not where it began.
func TestREDIsStationary(t *testing.T) {
	const h, w, operator, weight, sigma = 24, 36, "denoise10", 0.005, 10.0
	want, _ := references(t)
	y := want["y"]
	x := restored(t, "red", operator, lab.Set{"denoiser": "wiener", "iterations": 5, "lambda": weight}, y, h, w)
	f := restored(t, "wiener", "denoise5", nil, x, h, w)
	op, err := physics.Parse(operator)
	if err != nil {
		t.Fatal(err)
	}
	single := func(v []float64) []float32 {
		out := make([]float32, len(v))
		for i := range v {
			out[i] = float32(v[i])
		}
		return out
	}
	back := flat(model.MustCallOnce(xlatest.Backend(t), model.NewStore(), func(_ *model.Scope, x, y *graph.Node) *graph.Node {
		return op.Adjoint(graph.Sub(op.Forward(x, nil), y), nil)
	}, tensor(single(x), 1, h, w, 1), tensor(single(y), 1, h, w, 1)))
	fidelity, whole := 0.0, 0.0
	for i, v := range back {
		fidelity += math.Pow(float64(v)/sigma/sigma, 2)
		whole += math.Pow(float64(v)/sigma/sigma+weight*(x[i]-f[i]), 2)
	}
	if !(math.Sqrt(whole) < 0.05*math.Sqrt(fidelity)) {
		t.Errorf("the gradient's norm is %g, that of its part by the measurement %g", math.Sqrt(whole), math.Sqrt(fidelity))
	}
}

// TestInterpolate: what was seen stays; a plane is filled in exactly on a grid of seen pixels and, where a disc's width is hidden, from farther away.
func TestInterpolate(t *testing.T) {
	const h, w = 9, 13
	e, err := methods.Lookup("interpolate")
	if err != nil {
		t.Fatal(err)
	}
	m := e.New()
	if err := m.Pose(methods.Problem{Kind: lab.Restore, Channels: 1, Operator: physics.Mask{Missing: 0.75}}); err != nil {
		t.Fatal(err)
	}
	y, mask := make([]float32, h*w), make([]float32, h*w)
	plane := func(i, j int) float32 { return 0.1 + 0.05*float32(i) + 0.02*float32(j) }
	for i := 0; i < h; i += 2 {
		for j := 0; j < w; j += 2 {
			y[i*w+j], mask[i*w+j] = plane(i, j), 1
		}
	}
	got := flat(model.MustCallOnce(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, y, mask *graph.Node) *graph.Node {
		return m.(methods.Restorer).Restore(s, y, mask)
	}, tensor(y, 1, h, w, 1), tensor(mask, 1, h, w, 1)))
	for i := range h {
		for j := range w {
			if d := got[i*w+j] - plane(i, j); math.Abs(float64(d)) > 1e-5 {
				t.Errorf("at %d, %d: %g, want %g", i, j, got[i*w+j], plane(i, j))
			}
		}
	}
}
