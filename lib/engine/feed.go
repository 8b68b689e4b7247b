package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"

	"darkroom/lib/data"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/tensors"
)

// ahead is how many batches are prepared while steps run.
const ahead = 3

// feed prepares the batches of consecutive steps beside the training.
type feed struct {
	batches chan []any
	done    chan struct{}
}

func newFeed(j *job, m methods.Trainable, from int) (*feed, error) {
	f := &feed{make(chan []any, ahead), make(chan struct{})}
	size := m.BatchSize() * updates(m)
	make1 := j.wholeImages(size)
	if p, ok := j.method.(methods.Patcher); ok {
		switch j.task.Kind {
		case lab.Restore:
			make1 = j.patches(size, j.problem.Height)
		case lab.Segment:
			make1 = j.patches(size, p.PatchSize())
		}
	}
	go func() {
		for step := from; ; step++ {
			select {
			case f.batches <- make1(step):
			case <-f.done:
				return
			}
		}
	}()
	return f, nil
}

func (f *feed) next() []any { return <-f.batches }
func (f *feed) stop()       { close(f.done) }

// wholeImages makes batches of images and, if there are any, of their targets and labels. Images of two domains come in orders of their own, unless
// the method learns from pairs.
func (j *job) wholeImages(size int) func(step int) []any {
	train, targets := j.data.Train, j.data.TrainB
	order := data.NewOrder(len(train), size, j.spec.Seed)
	partners := order
	if _, pairs := j.method.(methods.Supervised); targets != nil && !pairs {
		partners = data.NewOrder(len(targets), size, j.spec.Seed+otherDomain)
	}
	shift, mirror := 0, false
	if m, ok := j.method.(methods.Jittered); ok {
		shift, mirror = m.Jittering()
	}
	return func(step int) []any {
		chosen := order.At(step)
		var moves []move // of the batch's pictures, then of their targets
		if shift > 0 || mirror {
			moves = moved(stepRandom(j.spec.Seed, step), 2*size, shift, mirror)
		}
		batch := []any{stack(train, chosen, moves)}
		if targets != nil {
			if moves != nil && partners != order {
				moves = moves[size:]
			}
			batch = append(batch, stack(targets, partners.At(step), moves))
		}
		if j.problem.Classes > 0 && j.task.Kind != lab.Segment {
			labels := make([]int32, 0, size)
			for _, i := range chosen {
				labels = append(labels, train[i].Label)
			}
			batch = append(batch, tensors.FromFlatDataAndDimensions(labels, size))
		}
		return batch
	}
}

// otherDomain is added to the seed for the order of domain B: with equal seeds domains of one size would come in pairs.
const otherDomain = 1 << 40

// stack makes a tensor of some of the pictures of a split, which are all of one size, each moved, unless moves is nil.
func stack(pictures data.Split, chosen []int, moves []move) *tensors.Tensor {
	p := pictures[0]
	pixels := make([]float32, 0, len(chosen)*len(p.Pix))
	for k, i := range chosen {
		pix := pictures[i].Pix
		if moves != nil {
			pix = moves[k].of(pictures[i])
		}
		pixels = appendPixels(pixels, pix)
	}
	return tensors.FromFlatDataAndDimensions(pixels, len(chosen), p.Height, p.Width, p.Channels)
}

// stepRandom is a stream of random numbers that depends on the seed and the step alone.
func stepRandom(seed int64, step int) *rand.Rand {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(seed))
	binary.LittleEndian.PutUint64(b[8:], uint64(step))
	return rand.New(rand.NewChaCha8(sha256.Sum256(b[:])))
}

func appendPixels(dst []float32, pix []uint8) []float32 {
	for _, p := range pix {
		dst = append(dst, float32(p)/255)
	}
	return dst
}
