package methods_test

import (
	"math"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// adapted fits an adapter to one measurement and restores it; misfit is that of each step.
func adapted(t *testing.T, m methods.Adapter, y, mask []float32, h, w int) (x []float32, misfit []float64) {
	t.Helper()
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(3); err != nil {
		t.Fatal(err)
	}
	steps, by := m.Adapt()
	fit := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, y, mask *graph.Node) *graph.Node {
		loss := m.Misfit(s, y, mask)
		var vars []*model.Variable
		var nodes []*graph.Node
		for v := range store.IterVariables() {
			if v.Trainable && strings.HasPrefix(v.Path(), "/"+methods.Adapted+"/") {
				vars, nodes = append(vars, v), append(nodes, v.NodeValue(loss.Graph()))
			}
		}
		by.Update(store, "all", steps, vars, graph.Gradient(loss, nodes...))
		return loss
	})
	for range steps {
		misfit = append(misfit, float64(fit.MustCall(tensor(y, 1, h, w, 1), tensor(mask, 1, h, w, 1))[0].Value().(float32)))
	}
	out := model.MustCallOnce(xlatest.Backend(t), store, func(s *model.Scope, y, mask *graph.Node) *graph.Node {
		return m.Restore(s, y, mask)
	}, tensor(y, 1, h, w, 1), tensor(mask, 1, h, w, 1))
	return flat(out), misfit
}

// adapter makes one ready to fill in missing pixels.
func adapter(t *testing.T, name string, set lab.Set, p methods.Problem) methods.Adapter {
	t.Helper()
	m := made(t, name, set)
	if b, ok := m.(methods.Borrower); ok {
		generator := new(methods.Noise)
		if err := generator.Pose(p); err != nil {
			t.Fatal(err)
		}
		if err := b.Lend(generator, "noise", p); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Pose(p); err != nil {
		t.Fatal(err)
	}
	return m.(methods.Adapter)
}

// TestCSGM: with a generator that makes each pixel from a latent of its own, Φ(z), the restoration is, pixel by pixel, the least of
// m(Φ(z) − y)² + λz², which a search in float64 finds; a hidden pixel is Φ(0) = ½.
func TestCSGM(t *testing.T) {
	const h, w, lambda = 4, 5, 0.02
	p := methods.Problem{Kind: lab.Restore, Height: h, Width: w, Channels: 1, Operator: physics.Mask{Missing: 0.5}}
	m := adapter(t, "csgm", lab.Set{"restarts": 3, "steps": 300, "lambda": lambda}, p)
	y, mask := uniform(9, h*w), make([]float32, h*w)
	for i := range mask {
		mask[i] = float32(i % 2)
		y[i] *= mask[i]
	}
	x, _ := adapted(t, m, y, mask, h, w)
	for i, v := range x {
		best, least := 0.0, math.Inf(1)
		for z := -4.0; z <= 4; z += 1e-3 {
			made := 0.5 * (1 + math.Erf(z/math.Sqrt2))
			if f := float64(mask[i])*math.Pow(made-float64(y[i]), 2) + lambda*z*z; f < least {
				best, least = made, f
			}
		}
		if math.Abs(float64(v)-best) > 3e-3 {
			t.Errorf("pixel %d, seen %g as %g: %g, want %g", i, mask[i], y[i], v, best)
		}
	}
	if b := m.(methods.Borrower); b.Lend(new(methods.TV), "tv", p) == nil {
		t.Error("a denoiser was taken for a generator")
	}
}

// TestDIP: the network, which begins at half grey, takes up what was seen of a picture.
func TestDIP(t *testing.T) {
	const h, w = 12, 10
	p := methods.Problem{Kind: lab.Restore, Channels: 1, Operator: physics.Mask{Missing: 0.5}}
	m := adapter(t, "dip", lab.Set{"steps": 60, "levels": 2, "width": 4, "channels": 4}, p)
	truth, y, mask := make([]float32, h*w), make([]float32, h*w), make([]float32, h*w)
	for i := range y {
		truth[i] = 0.2 + 0.6*float32(i%w)/w
		if (i/w+i%w)%2 == 0 {
			y[i], mask[i] = truth[i], 1
		}
	}
	x, misfit := adapted(t, m, y, mask, h, w)
	if last := misfit[len(misfit)-1]; !(last < 0.2*misfit[0]) {
		t.Errorf("the misfit falls from %g to %g", misfit[0], last)
	}
	left, grey := 0.0, 0.0
	for i, v := range x {
		left += float64(mask[i]) * math.Pow(float64(v-truth[i]), 2)
		grey += float64(mask[i]) * math.Pow(float64(0.5-truth[i]), 2)
	}
	if !(left < 0.5*grey) {
		t.Errorf("squared error of the pixels that were seen %g, and %g of half grey", left, grey)
	}
}
