package methods

import (
	"darkroom/lib/sparse"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// Pursuit are the parameters of a restoration by orthogonal matching pursuit of all overlapping patches over a dictionary:
//
//	â = argmin ‖a‖₀ with ‖m∘(y − aD)‖² ≤ (gain·σ)² Σm for each patch less its mean, greedily,  x̂ = average of âD + mean and of y
type Pursuit struct {
	Patch  int     `default:"8" range:"2:32" help:"side of the patches"`
	Atoms  int     `default:"16" range:"2:64" help:"the dictionary has the square of this many atoms"`
	Stride int     `default:"2" range:"1:32" help:"pixels between neighbouring patches"`
	Most   int     `default:"12" range:"1:1024" help:"atoms for a patch at most"`
	Gain   float64 `default:"1.15" range:"0:" help:"a patch is fitted until its residual's deviation is this times the noise's"`
	Keep   float64 `default:"30" range:"0:" help:"weight of the measurement itself in the average, over the noise's deviation in steps of 1/255"`
}

// count is how many atoms the dictionary has, and size how many values each.
func (p Pursuit) count() int { return p.Atoms * p.Atoms }

func (p Pursuit) size() int { return p.Patch * p.Patch }

// code is the patches' code.
func (p Pursuit) code(s seen, d *Node) sparse.Code {
	return sparse.OMP(s.signals, s.mask, d, sparse.Pursuit{Atoms: p.most(p.Most), Target: p.Gain * p.Gain})
}

// restore is x̂ [n, h, w, c] over the dictionary d [atoms, size].
func (p Pursuit) restore(s seen, d *Node) *Node {
	return s.average(MatMul(p.code(s, d).Dense(p.count()), d), p.Keep)
}

// most lowers a number of atoms to what a pursuit can take.
func (p Pursuit) most(atoms int) int { return min(atoms, p.size(), p.count()) }
