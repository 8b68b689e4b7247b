package bench

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"darkroom/lib/engine/onednn"
	"darkroom/lib/engine/xlatest"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// fixed are the batches of the formula, by network.
var fixed = map[string]func() []any{
	"dcgan28": func() []any {
		return []any{image(func(i int) float64 { return noise("x", i) }, 64, 28, 28, 1)}
	},
	"dncnn40": func() []any {
		clean := func(i int) float64 { return (noise("t", i) + 1) / 2 }
		return []any{image(func(i int) float64 { return clean(i) + noise("x", i)/8 }, 32, 40, 40, 1), image(clean, 32, 40, 40, 1)}
	},
}

// TestTorch compares the first 20 losses from fixed weights, data and noise with PyTorch's, with either kernel. The noise is what the networks
// themselves draw: PyTorch's side has a generator with the same bits.
func TestTorch(t *testing.T) {
	b := xlatest.Backend(t)
	text, err := os.ReadFile("testdata/torch_losses.json") // by testdata/torch_losses.py
	if err != nil {
		t.Fatal(err)
	}
	var stored map[string]json.RawMessage
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	for _, n := range Nets {
		if fixed[n.Name] == nil {
			continue
		}
		var want []float64
		if err := json.Unmarshal(stored[n.Name], &want); err != nil || len(want) != 20 {
			t.Fatalf("%s: %d stored losses, error %v", n.Name, len(want), err)
		}
		for _, kernel := range []string{"onednn", "xla"} {
			t.Run(n.Name+"/"+kernel, func(t *testing.T) {
				before := onednn.Stats().Taken
				s, err := func() (*Stepper, error) {
					if kernel == "xla" {
						defer onednn.Pause()()
					}
					return New(b, n)
				}()
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if taken := onednn.Stats().Taken - before; kernel == "xla" && taken > 0 {
					t.Fatalf("%d convolutions were given to oneDNN", taken)
				}
				restart(t, s, fixed[n.Name]())
				var worst float64
				for i, w := range want {
					got, err := s.Step()
					if err != nil {
						t.Fatal(err)
					}
					off := math.Abs(float64(got)-w) / math.Abs(w)
					worst = max(worst, off)
					if !(off <= 1e-4) {
						t.Errorf("step %d: loss %.7g, PyTorch's %.7g: they differ by %.2g", i+1, got, w, off)
					}
				}
				t.Logf("the losses differ by at most %.2g of PyTorch's", worst)
			})
		}
	}
}

// restart puts a stepper before its first step, with the formula's weights and the given batch.
func restart(t *testing.T, s *Stepper, batch []any) {
	t.Helper()
	store := s.exec.Store()
	if err := fill[float32](store); err != nil {
		t.Fatal(err)
	}
	if err := store.GetVariable("/" + model.RNGStateVariableName).SetValue(tensors.FromValue([]uint64{1, 2, 3})); err != nil {
		t.Fatal(err)
	}
	s.batch = batch
}
