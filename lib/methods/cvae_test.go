package methods_test

import (
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// TestCVAE compares weights and terms with the sums over the classes in float64.
func TestCVAE(t *testing.T) {
	const images, side, latent, k = 2, 2, 1, 3
	m := posedFor(t, "cvae", lab.Set{"latent": latent, "hidden": "3"}, side, 1).(*methods.CVAE)
	x := []float32{1, 0, 1, 1, 0, 0, 1, 0}
	eps := normal(8, images*k)
	store := seeded(t, 3)
	got := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, x, eps *graph.Node) []*graph.Node {
		first := graph.Slice(graph.Reshape(eps, images, k), graph.AxisRange(), graph.AxisRange(0, 1))
		reconstruction, kl := m.Terms(s, x, first)
		return []*graph.Node{m.Weights(s, x, eps, k), reconstruction, kl}
	}, tensor(x, images, side, side, 1), tensor(eps, images*k, latent))
	r := reference{store: store}
	near := func(what string, got float32, want float64) {
		t.Helper()
		if math.Abs(float64(got)-want) > 2e-5*(1+math.Abs(want)) {
			t.Errorf("%s is %g, want %g", what, got, want)
		}
	}
	for i := range images {
		var xi []float64
		for _, v := range x[i*side*side : (i+1)*side*side] {
			xi = append(xi, float64(v))
		}
		var weights [k][]float64
		var likelihood, kl, bound []float64
		for class := range classes {
			hot := make([]float64, classes)
			hot[class] = 1
			mean, logVar := r.encode(append(append([]float64{}, xi...), hot...))
			for j := range k {
				z := mean[0] + math.Exp(logVar[0]/2)*float64(eps[i*k+j])
				l := r.likelihood(xi, append([]float64{z}, hot...))
				weights[j] = append(weights[j], l+logNormal([]float64{z}, []float64{0}, []float64{0})-logNormal([]float64{z}, mean, logVar))
				if j == 0 {
					likelihood = append(likelihood, l)
				}
			}
			kl = append(kl, (math.Exp(logVar[0])+mean[0]*mean[0]-1-logVar[0])/2)
			bound = append(bound, likelihood[class]-kl[class])
		}
		for j, w := range weights {
			near("a weight", flat(got[0])[i*k+j], logMeanExp(w))
		}
		want, evidence := 0.0, logMeanExp(bound)
		for class, b := range bound {
			want += math.Exp(b-evidence) / classes * likelihood[class]
		}
		near("the reconstruction", flat(got[1])[i], want)
		near("the bound", flat(got[1])[i]-flat(got[2])[i], evidence)
	}
}
