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

// reference is the VAE with one hidden tanh layer by loops in float64, with the weights of a store.
type reference struct {
	store    *model.Store
	gaussian bool
}

func (r reference) dense(path string, x []float64) []float64 {
	w := r.store.GetVariable(path + "/weights").MustValue().Value().([][]float32)
	b := flat(r.store.GetVariable(path + "/bias").MustValue())
	y := make([]float64, len(b))
	for j := range y {
		y[j] = float64(b[j])
		for i := range x {
			y[j] += x[i] * float64(w[i][j])
		}
	}
	return y
}

func tanh(x []float64) []float64 {
	for i := range x {
		x[i] = math.Tanh(x[i])
	}
	return x
}

func (r reference) encode(x []float64) (mean, logVar []float64) {
	h := r.dense("/encoder/code", tanh(r.dense("/encoder/hidden1", x)))
	return h[:len(h)/2], h[len(h)/2:]
}

// logNormal is the log-density of N(mean, e^logVar) at z.
func logNormal(z, mean, logVar []float64) float64 {
	s := 0.0
	for i := range z {
		s -= 0.5 * (math.Log(2*math.Pi) + logVar[i] + (z[i]-mean[i])*(z[i]-mean[i])/math.Exp(logVar[i]))
	}
	return s
}

// likelihood is log p(x|z).
func (r reference) likelihood(x, z []float64) float64 {
	h := tanh(r.dense("/decoder/hidden1", z))
	out := r.dense("/decoder/mean", h)
	if r.gaussian {
		logVar := r.dense("/decoder/variance", h)
		for i := range out {
			out[i] = 1 / (1 + math.Exp(-out[i]))
			logVar[i] = math.Max(logVar[i], -7)
		}
		return logNormal(x, out, logVar)
	}
	s := 0.0
	for i := range x {
		p := 1 / (1 + math.Exp(-out[i]))
		s += x[i]*math.Log(p) + (1-x[i])*math.Log(1-p)
	}
	return s
}

func logMeanExp(v []float64) float64 {
	largest, s := math.Inf(-1), 0.0
	for _, x := range v {
		largest = math.Max(largest, x)
	}
	for _, x := range v {
		s += math.Exp(x - largest)
	}
	return largest + math.Log(s/float64(len(v)))
}

// TestVAEWeights compares the log-weights with log p(x|z) + log p(z) − log q(z|x) in float64, and what they average to with the ELBO and with
// log p(x) by integration over z.
func TestVAEWeights(t *testing.T) {
	const k, pixels, latent = 4000, 4, 1
	x := []float32{1, 0, 1, 1, 0, 0, 1, 0}
	images := len(x) / pixels
	for _, likelihood := range []string{"bernoulli", "gaussian"} {
		m := new(methods.VAE)
		if _, err := methods.Apply("vae", m, lab.Set{"latent": latent, "hidden": "3", "likelihood": likelihood}); err != nil {
			t.Fatal(err)
		}
		if err := m.Pose(methods.Problem{Height: 2, Width: 2, Channels: 1}); err != nil {
			t.Fatal(err)
		}
		store := model.NewStore()
		if err := store.SetRNGStateFromSeed(3); err != nil {
			t.Fatal(err)
		}
		eps := normal(8, images*k*latent)
		got := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, x, eps *graph.Node) []*graph.Node {
			first := graph.Slice(graph.Reshape(eps, images, k, latent), graph.AxisRange(), graph.AxisElem(0), graph.AxisRange())
			reconstruction, kl := m.Terms(s, x, graph.Reshape(first, images, latent))
			return []*graph.Node{m.Weights(s, x, eps, k), reconstruction, kl}
		}, tensor(x, images, 2, 2, 1), tensor(eps, images*k, latent))
		weights, reconstruction, kl := flat(got[0]), flat(got[1]), flat(got[2])
		r := reference{store, likelihood == "gaussian"}
		for i := range images {
			var xi []float64
			for _, v := range x[i*pixels : (i+1)*pixels] {
				xi = append(xi, float64(v))
			}
			mean, logVar := r.encode(xi)
			w := make([]float64, k)
			sum, squares := 0.0, 0.0
			for j := range w {
				z := []float64{mean[0] + math.Exp(logVar[0]/2)*float64(eps[i*k+j])}
				w[j] = r.likelihood(xi, z) + logNormal(z, []float64{0}, []float64{0}) - logNormal(z, mean, logVar)
				if g := float64(weights[i*k+j]); math.Abs(g-w[j]) > 2e-5*(1+math.Abs(w[j])) {
					t.Fatalf("%s, image %d: weight %d is %g, want %g", likelihood, i, j, g, w[j])
				}
				if j == 0 {
					if g, want := float64(reconstruction[i]), r.likelihood(xi, z); math.Abs(g-want) > 2e-5*(1+math.Abs(want)) {
						t.Errorf("%s, image %d: log p(x|z) is %g, want %g", likelihood, i, g, want)
					}
				}
				sum += w[j]
				squares += w[j] * w[j]
			}
			wantKL := (math.Exp(logVar[0]) + mean[0]*mean[0] - 1 - logVar[0]) / 2
			if math.Abs(float64(kl[i])-wantKL) > 1e-5 {
				t.Errorf("%s, image %d: KL %g, want %g", likelihood, i, kl[i], wantKL)
			}
			// The ELBO and log p(x) by the trapezoid rule.
			elbo, evidence := 0.0, 0.0
			const h = 0.005
			for z := -10.0; z <= 10; z += h {
				l := r.likelihood(xi, []float64{z})
				elbo += h * math.Exp(logNormal([]float64{z}, mean, logVar)) * l
				evidence += h * math.Exp(logNormal([]float64{z}, []float64{0}, []float64{0})+l)
			}
			elbo -= wantKL
			average := sum / k
			deviation := math.Sqrt(squares/k - average*average)
			if math.Abs(average-elbo) > 5*deviation/math.Sqrt(k) {
				t.Errorf("%s, image %d: weights average to %g, the ELBO is %g", likelihood, i, average, elbo)
			}
			bound := 0.0 // with 5 samples
			for j := 0; j < k; j += 5 {
				bound += logMeanExp(w[j:j+5]) / (k / 5)
			}
			all, truth := logMeanExp(w), math.Log(evidence)
			if !(average < bound && bound < truth) || math.Abs(all-truth) > 5*deviation/math.Sqrt(k) {
				t.Errorf("%s, image %d: the bound with 1, 5 and %d samples is %g, %g and %g; log p(x) = %g", likelihood, i, k, average, bound, all, truth)
			}
		}
	}
}
