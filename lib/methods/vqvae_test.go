package methods_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// TestCodebook follows NumPy's steps: see testdata/codebook.py.
func TestCodebook(t *testing.T) {
	var v struct {
		Codes    int
		Momentum float64
		Start    []float32
		Steps    []struct {
			H, Weights                         []float32
			Quantised, Gradient, Vectors, Uses []float64
			Perplexity, Dead                   float64
		}
	}
	b, err := os.ReadFile("testdata/codebook.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	size := len(v.Start) / v.Codes
	rows := len(v.Steps[0].H) / size
	step := func(store *model.Store, restart bool) *model.Exec {
		return model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, h, weights *graph.Node) []*graph.Node {
			return methods.Follow(s, h, weights, v.Codes, v.Momentum, restart)
		})
	}
	store := seeded(t, 1)
	if _, err := store.CreateVariable("vectors", tensor(v.Start, v.Codes, size)); err != nil {
		t.Fatal(err)
	}
	exec := step(store, false)
	for i, want := range v.Steps {
		got := exec.MustCall(tensor(want.H, rows, size), tensor(want.Weights, rows, size))
		for _, c := range []struct {
			what string
			got  []float32
			want []float64
		}{
			{"the vectors for h", flat(got[0]), want.Quantised}, {"the gradient", flat(got[1]), want.Gradient},
			{"the perplexity", flat(got[2]), []float64{want.Perplexity}}, {"the number of dead vectors", flat(got[3]), []float64{want.Dead}},
			{"the codebook", flat(store.GetVariable("/vectors").MustValue()), want.Vectors}, {"the uses", flat(store.GetVariable("/uses").MustValue()), want.Uses},
		} {
			if len(c.got) != len(c.want) {
				t.Fatalf("%s: %d values, want %d", c.what, len(c.got), len(c.want))
			}
			for k, w := range c.want {
				if math.Abs(float64(c.got[k])-w) > 1e-5*(1+math.Abs(w)) {
					t.Errorf("step %d: value %d of %s is %g, want %g", i, k, c.what, c.got[k], w)
				}
			}
		}
	}

	// With restarts, all vectors are rows of the first batch after the first step.
	store = seeded(t, 1)
	h := v.Steps[0].H
	step(store, true).MustCall(tensor(h, rows, size), tensor(v.Steps[0].Weights, rows, size))
	if dead := flat(store.GetVariable("/uses").MustValue()); slices.Min(dead) < 0.1 {
		t.Errorf("after a restart the uses are %v", dead)
	}
	fresh := 0
	for e := range slices.Chunk(flat(store.GetVariable("/vectors").MustValue()), size) {
		for row := range slices.Chunk(h, size) {
			if slices.Equal(e, row) {
				fresh++
				break
			}
		}
	}
	if fresh < 2 {
		t.Errorf("only %d vectors began anew at a row of the batch", fresh)
	}
}

// TestVQVAEPrior: the logits of a code depend on the codes before it, on each of them, and on no other.
func TestVQVAEPrior(t *testing.T) {
	const codes = 4
	m := posedFor(t, "vq-vae", lab.Set{"codes": codes, "width": 32, "layers": 2}, 8, 1).(*methods.VQVAE)
	places := m.LatentSize()
	index := make([]int32, (places+1)*places) // row i+1 differs from row 0 at place i
	for i := range places {
		index[(i+1)*places+i] = 1
	}
	got := flat(model.MustCallOnce(xlatest.Backend(t), seeded(t, 1), func(s *model.Scope, index *graph.Node) *graph.Node {
		return methods.PriorLogits(m, s, graph.Reshape(index, places+1, places))
	}, index))
	at := func(row, place int) []float32 {
		return got[(row*places+place)*codes : (row*places+place+1)*codes]
	}
	for changed := range places {
		for place := range places {
			differs := false
			for k, v := range at(changed+1, place) {
				differs = differs || math.Abs(float64(v-at(0, place)[k])) > 1e-6
			}
			next := place == changed+1 && place%4 != 0 // its left neighbour has changed
			if differs && place <= changed || next && !differs {
				t.Errorf("the code at %d changed, and that at %d sees it: %v", changed, place, differs)
			}
		}
	}
}
