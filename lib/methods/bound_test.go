package methods_test

import (
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// posedFor makes a method for images of a side, with 3 classes.
func posedFor(t *testing.T, name string, set lab.Set, side, channels int) methods.Method {
	t.Helper()
	m := made(t, name, set)
	if err := m.Pose(methods.Problem{Kind: lab.Generate, Height: side, Width: side, Channels: channels, Classes: classes}); err != nil {
		t.Fatal(err)
	}
	return m
}

// seeded is a store whose random numbers begin from a seed.
func seeded(t *testing.T, seed int64) *model.Store {
	t.Helper()
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(seed); err != nil {
		t.Fatal(err)
	}
	return store
}

// TestIWAE compares the training loss with log-mean-exp in float64 of the weights by the same noise, and its gradient with the
// self-normalised one of Burda et al. 2015, equation 14. With k = 1 the bound is vae's.
func TestIWAE(t *testing.T) {
	const images, side, latent = 3, 2, 2
	x := tensor(uniform(1, images*side*side), images, side, side, 1)
	store := seeded(t, 1)
	set := func(k int) lab.Set {
		return lab.Set{"latent": latent, "hidden": "3", "likelihood": "gaussian", "batch": images, "samples": k}
	}
	before := math.Inf(-1)
	for _, k := range []int{1, 5, 50} {
		m := posedFor(t, "iwae", set(k), side, 1).(*methods.IWAE)
		exec := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) []*graph.Node {
			loss := m.Objectives()[0].Loss(s, methods.Batch{X: x}).Total
			return []*graph.Node{loss, graph.Gradient(loss, s.Store().GetVariable("/encoder/code/weights").NodeValue(x.Graph()))[0]}
		})
		again := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) []*graph.Node {
			w := m.Weights(s, x, s.RandomNormal(x.Graph(), shapes.Make(dtypes.Float32, images*k, latent)), k)
			normalised := graph.StopGradient(graph.Softmax(w, -1))
			surrogate := graph.Neg(graph.DivScalar(graph.ReduceAllSum(graph.Mul(normalised, w)), images))
			return []*graph.Node{w, graph.Gradient(surrogate, s.Store().GetVariable("/encoder/code/weights").NodeValue(x.Graph()))[0]}
		})
		mean := 0.0
		const draws = 30
		exec.MustCall(x) // makes the variables, which takes random numbers
		for seed := range int64(draws) {
			rng := func() {
				if err := store.SetRNGStateFromSeed(seed); err != nil {
					t.Fatal(err)
				}
			}
			rng()
			got := exec.MustCall(x)
			rng()
			ref := again.MustCall(x)
			want := 0.0
			for i := range images {
				var w []float64
				for _, v := range flat(ref[0])[i*k : (i+1)*k] {
					w = append(w, float64(v))
				}
				want -= logMeanExp(w) / images
			}
			if loss := float64(got[0].Value().(float32)); math.Abs(loss-want) > 1e-5*(1+math.Abs(want)) {
				t.Fatalf("k = %d, seed %d: the loss is %g, want %g", k, seed, loss, want)
			}
			mean -= want / draws
			for i, g := range flat(got[1]) {
				if w := flat(ref[1])[i]; math.Abs(float64(g-w)) > 1e-4*(1+math.Abs(float64(w))) {
					t.Fatalf("k = %d, seed %d: gradient %d is %g, want %g", k, seed, i, g, w)
				}
			}
		}
		if !(mean > before) {
			t.Errorf("the bound with k = %d is %g, and %g with fewer codes", k, mean, before)
		}
		before = mean
	}

	// With ε = ±1, log σ² + ε² − z² is on average 1 + log σ² − μ² − σ²: twice the KL term in closed form.
	iwae, vae := posedFor(t, "iwae", set(1), side, 1).(*methods.IWAE), posedFor(t, "vae", lab.Set{"latent": latent, "hidden": "3", "likelihood": "gaussian"}, side, 1).(*methods.VAE)
	got := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) []*graph.Node {
		plus := graph.Ones(x.Graph(), shapes.Make(dtypes.Float32, images, latent))
		a, b := iwae.Weights(s, x, plus, 1), iwae.Weights(s, x, graph.Neg(plus), 1)
		c, kl := vae.Terms(s, x, plus)
		d, _ := vae.Terms(s, x, graph.Neg(plus))
		return []*graph.Node{graph.Add(graph.Reshape(a, images), graph.Reshape(b, images)), graph.Sub(graph.Add(c, d), graph.MulScalar(kl, 2))}
	}, x)
	for i, w := range flat(got[0]) {
		if e := flat(got[1])[i]; math.Abs(float64(w-e)) > 1e-5*(1+math.Abs(float64(e))) {
			t.Errorf("image %d: iwae with k = 1 has %g, vae %g", i, w, e)
		}
	}
}

// TestBetaVAE computes the loss from its terms: β·min(1, t/warm-up)·Σ max(λ, KLⱼ), with the KL terms from the encoder's weights in float64.
func TestBetaVAE(t *testing.T) {
	const images, side, latent, beta, warmUp, free = 3, 2, 4, 2.5, 3, 0.1
	m := posedFor(t, "beta-vae", lab.Set{
		"latent": latent, "hidden": "3", "likelihood": "gaussian", "beta": beta, "warm-up": warmUp, "free-bits": free,
	}, side, 1).(*methods.BetaVAE)
	x := uniform(1, images*side*side)
	store := seeded(t, 3)
	var names []string
	exec := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) []*graph.Node {
		loss := m.Objectives()[0].Loss(s, methods.Batch{X: x})
		out := []*graph.Node{loss.Total}
		names = []string{"loss"}
		for _, term := range loss.Terms {
			names, out = append(names, term.Name), append(out, term.Value)
		}
		return out
	})
	for step := range 6 {
		if step == 2 { // the first dimension collapses: its mean and log-variance are 0
			code := store.GetVariable("/encoder/code/weights")
			w := flat(code.MustValue())
			for i := range 3 {
				w[i*2*latent], w[i*2*latent+latent] = 0, 0
			}
			if err := code.SetValue(tensor(w, 3, 2*latent)); err != nil {
				t.Fatal(err)
			}
		}
		values := map[string]float64{}
		for i, v := range exec.MustCall(tensor(x, images, side, side, 1)) {
			values[names[i]] = float64(v.Value().(float32))
		}
		kl := make([]float64, latent)
		for i := range images {
			var xi []float64
			for _, v := range x[i*side*side : (i+1)*side*side] {
				xi = append(xi, float64(v))
			}
			mean, logVar := reference{store: store}.encode(xi)
			for j := range kl {
				kl[j] += (math.Exp(logVar[j]) + mean[j]*mean[j] - 1 - logVar[j]) / 2 / images
			}
		}
		weight := beta * math.Min(1, float64(step)/warmUp)
		counted, all, active, below := 0.0, 0.0, 0.0, 0
		for _, v := range kl {
			counted, all = counted+math.Max(v, free), all+v
			if v > 0.01 {
				active++
			}
			if v < free {
				below++
			}
		}
		if below == 0 || below == latent {
			t.Fatalf("the KL terms %v are all on one side of %g", kl, free)
		}
		for name, want := range map[string]float64{
			"weight/kl": weight, "kl": all, "units/active": active, "loss": values["reconstruction"] + weight*counted,
		} {
			if math.Abs(values[name]-want) > 1e-5*(1+math.Abs(want)) {
				t.Errorf("step %d: %s is %g, want %g", step, name, values[name], want)
			}
		}
	}
}
