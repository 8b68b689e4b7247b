package data

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

func TestOrderSeesEachSampleOnceAnEpoch(t *testing.T) {
	for _, c := range [][2]int{{10, 3}, {7, 7}, {5, 12}, {1, 4}, {128, 1}, {60, 20}} {
		n, batch := c[0], c[1]
		o := NewOrder(n, batch, 42)
		var all []int
		for step := range 4 * n {
			got := o.At(step)
			if len(got) != batch {
				t.Fatalf("n %d: batch of %d, want %d", n, len(got), batch)
			}
			all = append(all, got...)
		}
		for e := 0; (e+1)*n <= len(all); e++ {
			epoch := slices.Clone(all[e*n : (e+1)*n])
			slices.Sort(epoch)
			for i, v := range epoch {
				if i != v {
					t.Fatalf("n %d batch %d: epoch %d is no permutation: %v", n, batch, e, epoch)
				}
			}
		}
		if n >= 60 && slices.Equal(all[:n], all[n:2*n]) {
			t.Errorf("n %d: two epochs in the same order", n)
		}
	}
}

func TestOrderIsAFunctionOfSeedAndStep(t *testing.T) {
	const n, batch, seed = 1000, 96, -3
	steps := []int{500, 0, 10, 11, 9, 1_000_000, 499, 10}
	forward := map[int][]int{}
	o := NewOrder(n, batch, seed)
	for step := range 501 {
		forward[step] = o.At(step)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, step := range steps {
				want, ok := forward[step]
				if got := o.At(step); ok && !slices.Equal(got, want) {
					t.Errorf("step %d depends on what was asked before", step)
				}
				if !slices.Equal(o.At(step), Indices(n, batch, seed, step)) {
					t.Errorf("step %d: an order and Indices differ", step)
				}
			}
		})
	}
	wg.Wait()
	if slices.Equal(o.At(0), NewOrder(n, batch, seed+1).At(0)) {
		t.Error("two seeds give the same batch")
	}
	got := o.At(0)
	got[0] = -1
	if o.At(0)[0] == -1 {
		t.Error("a batch shares memory with the order")
	}
}

// Every run ever recorded depends on these numbers; they were written down when the order was defined.
func TestOrderNeverChanges(t *testing.T) {
	if got, want := fmt.Sprint(Indices(10, 12, 7, 3)), "[4 7 3 8 3 9 7 5 8 1 4 6]"; got != want {
		t.Errorf("Indices(10, 12, 7, 3) = %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(Indices(60000, 4, 0, 1_000_000)), "[13274 28744 24453 56558]"; got != want {
		t.Errorf("Indices(60000, 4, 0, 1000000) = %s, want %s", got, want)
	}
}

// Each of the 24 orders of 4 samples should come up in 1 of 24 epochs. Over 24000 epochs (fixed seeds) chi-square with
// 23 degrees of freedom stays below 49.7 with probability 0.999.
func TestOrderIsUniform(t *testing.T) {
	count := map[string]float64{}
	for e := range int64(24000) {
		count[fmt.Sprint(shuffled(4, 1, e))]++
	}
	var chi float64
	for _, c := range count {
		chi += (c - 1000) * (c - 1000) / 1000
	}
	if len(count) != 24 || chi > 49.7 {
		t.Errorf("%d orders, chi-square %.1f", len(count), chi)
	}
}

func TestOrderRefusesNonsense(t *testing.T) {
	for _, f := range []func(){
		func() { NewOrder(0, 1, 0) }, func() { NewOrder(1, 0, 0) }, func() { NewOrder(1, 1, 0).At(-1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		}()
	}
}
