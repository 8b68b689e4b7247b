package data

import (
	"crypto/sha256"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"sync"
)

// Order says which samples each training step sees. The samples are shuffled anew for each epoch, and the steps cut the
// endless sequence of epochs into batches: a batch may straddle two epochs, and each sample is seen once an epoch. What
// a step sees is a pure function of n, batch, seed and step, so that a resumed run sees what an undisturbed one does.
// An Order keeps the shuffles it used last; it is safe for use by several goroutines.
type Order struct {
	n, batch int
	seed     int64

	mu     sync.Mutex
	epochs [2]epoch // the last two, as a batch can straddle them
}

type epoch struct {
	number int64
	perm   []int32 // nil before its first use
}

// NewOrder returns the order of n samples in batches of the given size. It panics unless both are at least 1.
func NewOrder(n, batch int, seed int64) *Order {
	if n < 1 || batch < 1 {
		panic(fmt.Sprintf("data: an order needs at least one sample and a batch of at least one, not %d and %d", n, batch))
	}
	return &Order{n: n, batch: batch, seed: seed}
}

// At returns the samples of a step (0, 1, …): batch numbers in [0, n). It panics if step is negative.
func (o *Order) At(step int) []int {
	if step < 0 {
		panic(fmt.Sprintf("data: step %d is negative", step))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]int, 0, o.batch)
	n := int64(o.n)
	for at := int64(step) * int64(o.batch); len(out) < o.batch; {
		perm := o.epoch(at / n)
		rest := perm[at%n:]
		rest = rest[:min(len(rest), o.batch-len(out))]
		for _, i := range rest {
			out = append(out, int(i))
		}
		at += int64(len(rest))
	}
	return out
}

func (o *Order) epoch(number int64) []int32 {
	e := &o.epochs[number%2]
	if e.perm == nil || e.number != number {
		*e = epoch{number, shuffled(o.n, o.seed, number)}
	}
	return e.perm
}

// Indices is NewOrder(n, batch, seed).At(step), for one step.
func Indices(n, batch int, seed int64, step int) []int { return NewOrder(n, batch, seed).At(step) }

// shuffled is the permutation of 0 to n-1 of an epoch: Fisher and Yates' shuffle with ChaCha8, whose key is the SHA-256
// of seed and epoch. It is written out here because runs depend on it for ever, and rand.Perm may change.
func shuffled(n int, seed, epoch int64) []int32 {
	random := rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "darkroom order 1\nseed %d epoch %d\n", seed, epoch)))
	perm := make([]int32, n)
	for i := range perm {
		perm[i] = int32(i)
	}
	for i := n - 1; i > 0; i-- {
		j := below(random, uint64(i+1))
		perm[i], perm[j] = perm[j], perm[i]
	}
	return perm
}

// below draws uniformly from [0, n) without bias (Lemire 2019, arXiv:1805.10941).
func below(random *rand.ChaCha8, n uint64) uint64 {
	hi, lo := bits.Mul64(random.Uint64(), n)
	for threshold := -n % n; lo < threshold; {
		hi, lo = bits.Mul64(random.Uint64(), n)
	}
	return hi
}
