package metrics

import (
	"fmt"
	"sync/atomic"
)

// Manifold compares two sets of features by the balls around each picture that reach to its k-th nearest neighbour in its own set.
type Manifold struct {
	// Precision is the share of samples that lie in the ball of a reference picture, Recall the share of reference pictures that lie in the ball
	// of a sample (Kynkäänniemi et al. 2019, arXiv:1904.06991).
	Precision, Recall Score
	// Density is the number of reference balls that a sample lies in, divided by k: about 1 for equal distributions, and it can be more. Coverage
	// is the share of reference pictures whose ball holds a sample (Naeem et al. 2020, arXiv:2002.09797).
	Density, Coverage Score
}

// Scores lists the four.
func (m Manifold) Scores() []Score { return []Score{m.Precision, m.Recall, m.Density, m.Coverage} }

// PRDC returns precision, recall, density and coverage with neighbour k, 0 standing for Naeem's 5 (Kynkäänniemi's paper has 3). A point on a
// ball's edge lies outside, as in the authors' package prdc. It takes 3 n² d multiplications and, beside the features, a few megabytes. k
// must be below the number of pictures of either set.
func PRDC(reference, samples Features, k int) (Manifold, error) {
	if err := comparable("PRDC", reference, samples); err != nil {
		return Manifold{}, err
	}
	if k == 0 {
		k = 5
	}
	n, m := reference.N(), samples.N()
	if k < 1 || k >= min(n, m) {
		return Manifold{}, fmt.Errorf("PRDC: %d neighbours for %d %s and %d %s; give from 1 to %d",
			k, n, reference.Of, m, samples.Of, min(n, m)-1)
	}
	ballR, ballS := radii(reference, k), radii(samples, k)
	in := make([]int, m)              // reference balls that each sample lies in
	holds := make([]atomic.Bool, n)   // the reference picture's ball holds a sample
	covered := make([]atomic.Bool, n) // the reference picture lies in a sample's ball
	set := func(b *atomic.Bool) {
		if !b.Load() { // a store would take the cache line from the other processors
			b.Store(true)
		}
	}
	search(samples, reference, func(i, first int, d2 []float64) {
		for j, d := range d2 {
			if d < ballR[first+j] {
				in[i]++
				set(&holds[first+j])
			}
			if d < ballS[i] {
				set(&covered[first+j])
			}
		}
	})
	var inside, balls, recalled, holding int
	for _, c := range in {
		balls += c
		inside += min(c, 1)
	}
	for j := range n {
		if covered[j].Load() {
			recalled++
		}
		if holds[j].Load() {
			holding++
		}
	}
	score := func(name, source string, count, of int) Score {
		v := float64(count) / float64(of)
		return Score{
			Name: "prdc-" + name, Value: v, Low: v, High: v, Better: "higher",
			Protocol: fmt.Sprintf("%s (%s), k = %d, %s", name, source, k, pairProtocol(reference, samples)),
		}
	}
	const kynkaanniemi, naeem = "Kynkäänniemi 2019", "Naeem 2020"
	return Manifold{
		Precision: score("precision", kynkaanniemi, inside, m), Recall: score("recall", kynkaanniemi, recalled, n),
		Density: score("density", naeem, balls, k*m), Coverage: score("coverage", naeem, holding, n),
	}, nil
}
