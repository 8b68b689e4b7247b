package metrics

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
)

// The blocks are cut so that both sets have several and a rest; all pairs one by one are the reference.
func TestSearchIsBruteForce(t *testing.T) {
	const k = 3
	a, b := gaussian(t, "a", 2*blockRows+7, 3, 0, 1, 1), gaussian(t, "b", 2*blockCols+5, 3, 0.1, 1, 2)
	index, distance := nearest(a, b)
	for i := range index {
		best := math.Inf(1)
		for j := range b.N() {
			best = min(best, floats.Distance(a.Row(i), b.Row(j), 2))
		}
		if distance[i] != best || floats.Distance(a.Row(i), b.Row(index[i]), 2) != best {
			t.Fatalf("nearest to %d is %d at %v, want %v", i, index[i], distance[i], best)
		}
	}
	for i, r2 := range radii(b, k)[:300] {
		all := make([]float64, 0, b.N())
		for j := range b.N() {
			if j != i {
				all = append(all, floats.Distance(b.Row(i), b.Row(j), 2))
			}
		}
		slices.Sort(all)
		if !near(math.Sqrt(r2), all[k-1], 1e-9) {
			t.Fatalf("neighbour %d of %d is at %v, want %v", k, i, math.Sqrt(r2), all[k-1])
		}
	}
}

// TestSearchMemory: a search of 10,000 × 10,000 never holds all distances, which would take 800 MB, and PRDC makes three. What it allocates in all bounds what it
// holds at once; it does not depend on the number of features, so that with 2048 of them, 164 MB a set, it stays far within 2 GiB.
func TestSearchMemory(t *testing.T) {
	const n = 10_000
	a, b := gaussian(t, "a", n, 2, 0, 1, 1), gaussian(t, "b", n, 2, 0.1, 1, 2)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	nearest(a, b)
	runtime.ReadMemStats(&after)
	if mib := float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20); mib > 4+4*float64(runtime.GOMAXPROCS(0)) {
		t.Errorf("the nearest of %d by %d allocate %.0f MiB", n, n, mib)
	}
}

func TestPRDCOnALine(t *testing.T) {
	// Reference 0, 1, 2, 10 with balls to the nearest neighbour: radii 1, 1, 1, 8. Samples 0.5, 1.5, 30, radii 1, 1, 28.5.
	reference := featuresOf(t, "reference", 4, 1, []float64{0, 1, 2, 10})
	samples := featuresOf(t, "samples", 3, 1, []float64{0.5, 1.5, 30})
	m, err := PRDC(reference, samples, 1)
	if err != nil {
		t.Fatal(err)
	}
	// 0.5 lies in the balls of 0 and 1, 1.5 in those of 1 and 2, 30 in none; the ball of 10 reaches down to 2 and up to 18: 4 balls in
	// all, all of them of 0, 1, 2. 10 lies in the ball of 30, which reaches down to 1.5, as does 2.
	for i, want := range []float64{2. / 3, 1, 4. / 3, 3. / 4} {
		if got := m.Scores()[i]; !near(got.Value, want, 1e-12) {
			t.Errorf("%s %v, want %v", got.Name, got.Value, want)
		}
	}
	if want := "coverage (Naeem 2020), k = 1, 3 samples against 4 reference, features: a formula"; m.Coverage.Protocol != want {
		t.Errorf("protocol %q", m.Coverage.Protocol)
	}
}

func TestPRDCOfEqualDistributions(t *testing.T) {
	// Naeem et al. 2020, section 3.3: E[density] = 1 and E[coverage] = 1 − ((n−1)⋯(n−k)) / ((2n−1)⋯(2n−k)) for n pictures on each side.
	const n, k = 3000, 5
	m, err := PRDC(gaussian(t, "reference", n, 6, 0, 1, 1), gaussian(t, "samples", n, 6, 0, 1, 2), k)
	if err != nil {
		t.Fatal(err)
	}
	missed := 1.0
	for i := 1; i <= k; i++ {
		missed *= float64(n-i) / float64(2*n-i)
	}
	if math.Abs(m.Coverage.Value-(1-missed)) > 0.01 || math.Abs(m.Density.Value-1) > 0.05 {
		t.Errorf("coverage %v, want %v; density %v, want 1", m.Coverage.Value, 1-missed, m.Density.Value)
	}
}

func TestPRDCRefusesTooManyNeighbours(t *testing.T) {
	a, b := gaussian(t, "reference", 20, 2, 0, 1, 1), gaussian(t, "samples", 5, 2, 0, 1, 2)
	for _, k := range []int{-1, 0, 5} { // 0 stands for 5
		if _, err := PRDC(a, b, k); err == nil || !strings.Contains(err.Error(), "20 reference and 5 samples; give from 1 to 4") {
			t.Errorf("k = %d: error is %v", k, err)
		}
	}
}
