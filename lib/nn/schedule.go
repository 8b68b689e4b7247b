package nn

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/dtypes"
)

// Schedule is the factor on the learning rate at update t = 1, 2, …, a float32 scalar, of a training of so many updates. nil is constant.
type Schedule func(t *Node, updates int) *Node

// LinearDecay keeps the rate, and over this share of the training, at its end, lets it fall linearly towards 0:
//
//	min(1, (updates + 1 − t) / (share · updates))
func LinearDecay(share float64) Schedule {
	return func(t *Node, updates int) *Node {
		if share <= 0 || share > 1 {
			panic(fmt.Errorf("nn.LinearDecay: share = %v, but it is a share of the training above 0 and up to 1", share))
		}
		g := t.Graph()
		left := MulScalar(Sub(Scalar(g, dtypes.Float32, updates+1), t), 1/(share*float64(updates)))
		return Min(left, ScalarOne(g, dtypes.Float32))
	}
}

// Cosine falls along half a cosine from 1 to floor (Loshchilov & Hutter 2017, eq. 5, without restarts):
//
//	floor + (1 − floor)·½·(1 + cos(π·(t − 1)/updates))
func Cosine(floor float64) Schedule {
	return func(t *Node, updates int) *Node {
		if floor < 0 || floor > 1 {
			panic(fmt.Errorf("nn.Cosine: floor = %v, but it is a share of the learning rate from 0 to 1", floor))
		}
		turn := MulScalar(AddScalar(t, -1), math.Pi/float64(updates))
		return AddScalar(MulScalar(Cos(turn), (1-floor)/2), (1+floor)/2)
	}
}

// StepDecay multiplies the rate by gamma after every so many updates:
//
//	gamma ^ ⌊(t − 1)/every⌋
func StepDecay(every int, gamma float64) Schedule {
	return func(t *Node, _ int) *Node {
		if every < 1 || gamma <= 0 || gamma > 1 {
			panic(fmt.Errorf("nn.StepDecay: every = %d and gamma = %v, but the rate falls every 1 or more updates, by a factor above 0 and up to 1",
				every, gamma))
		}
		falls := Floor(MulScalar(AddScalar(t, -0.5), 1/float64(every))) // half an update away from where rounding could tip it over
		return Exp(MulScalar(falls, math.Log(gamma)))
	}
}

// WarmUp lets the rate rise linearly over the first updates, t/updates, to 1 (Goyal et al. 2017), and follows another schedule from its beginning
// over the rest of the training.
func WarmUp(first int, then Schedule) Schedule {
	return func(t *Node, updates int) *Node {
		if first < 1 {
			panic(fmt.Errorf("nn.WarmUp: it lasts %d updates, but needs 1 or more; use the schedule behind it alone", first))
		}
		one := ScalarOne(t.Graph(), dtypes.Float32)
		factor := Min(MulScalar(t, 1/float64(first)), one)
		if then != nil {
			factor = Mul(factor, then(Max(AddScalar(t, -float64(first)), one), max(updates-first, 1)))
		}
		return factor
	}
}
