package methods

import "math/rand/v2"

// Replay draws training images themselves, in a random order and each once before any twice. Measured against the test images it is the floor:
// a perfect generator's distance, which is not 0 since both sets are finite. It is also what a generator looks like that has learnt by
// heart.
type Replay struct{ Posed }

// Choose implements Chooser.
func (*Replay) Choose(r *rand.Rand, train, n int) []int {
	chosen := make([]int, 0, n+train)
	for len(chosen) < n {
		chosen = append(chosen, r.Perm(train)...)
	}
	return chosen[:n]
}
