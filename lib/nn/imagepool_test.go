package nn_test

import (
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lib/nn

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestImagePool follows images through a pool of 3 by what the paper says of it: images are numbers here.
func TestImagePool(t *testing.T) {
	const size, batch, steps = 3, 2, 300
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(4); err != nil {
		t.Fatal(err)
	}
	exec := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, x *Node) *Node { return nn.ImagePool(s.At("pool"), x, size) })
	defer exec.Finalize()
	var held []float32
	fresh, places := 0, map[int]int{}
	next := float32(1)
	for step := range steps {
		in := []float32{next, next + 1}
		next += batch
		out := tensors.MustCopyFlatData[float32](exec.MustCall(tensors.FromFlatDataAndDimensions(in, batch, 1, 1, 1))[0])
		for i, v := range in {
			switch at := slices.Index(held, out[i]); {
			case len(held) < size:
				if out[i] != v {
					t.Fatalf("step %d: with room in the pool, %v became %v", step, v, out[i])
				}
				held = append(held, v)
			case out[i] == v:
				fresh++
			case at < 0:
				t.Fatalf("step %d: %v is neither the image %v nor of the pool %v", step, out[i], v, held)
			default:
				held[at] = v
				places[at]++
			}
		}
		if got := tensors.MustCopyFlatData[float32](store.GetVariable("/pool/images").MustValue()); !slices.Equal(got[:len(held)], held) {
			t.Fatalf("step %d: the pool holds %v, want %v", step, got, held)
		}
	}
	n := batch*steps - size
	if fresh < n*2/5 || fresh > n*3/5 { // ½ ± 5 deviations
		t.Errorf("%d of %d images were given on, want half", fresh, n)
	}
	for at := range size {
		if places[at] < 60 || places[at] > 140 { // 100 ± 5 deviations
			t.Errorf("place %d was swapped %d times, want about 100", at, places[at])
		}
	}
	if v := store.GetVariable("/pool/images"); v.Trainable {
		t.Error("the pool is trainable")
	}
}
