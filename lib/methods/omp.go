package methods

import (
	"darkroom/lib/sparse"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/gomlx/core/tensors"
)

// OMP restores by orthogonal matching pursuit (Pati, Rezaiifar & Krishnaprasad 1993) of all overlapping patches over a fixed overcomplete cosine
// dictionary (Elad & Aharon 2006, IEEE TIP 15(12), the fixed dictionary):
//
//	â = argmin ‖a‖₀ with ‖m∘(y − Da)‖² ≤ (gain·σ)² Σm for each patch less its mean, greedily,  x̂ = average of Dâ + mean and of y
//
// It needs no training. A mask hides pixels from the pursuit, and the atoms fill them in.
type OMP struct {
	Posed
	Patch  int     `default:"8" range:"2:32" help:"side of the patches"`
	Atoms  int     `default:"16" range:"2:64" help:"cosines for each direction; the dictionary has their square"`
	Stride int     `default:"2" range:"1:32" help:"pixels between neighbouring patches"`
	Most   int     `default:"12" range:"1:1024" help:"atoms for a patch at most"`
	Gain   float64 `default:"1.15" range:"0:" help:"a patch is fitted until its residual's deviation is this times the noise's"`
	Keep   float64 `default:"30" range:"0:" help:"weight of the measurement itself in the average, over the noise's deviation in steps of 1/255"`
}

// Pose implements Method.
func (m *OMP) Pose(p Problem) error {
	if err := poseOverlap("omp", p, m.Patch, m.Stride); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// Restore implements Restorer.
func (m *OMP) Restore(_ *Scope, y, aux *Node) *Node {
	s := see("omp", m.problem.Operator, y, aux, m.Patch, m.Stride)
	d := cosines(y.Graph(), m.Patch, m.Atoms)
	code := sparse.OMP(s.signals, s.mask, d, sparse.Pursuit{Atoms: min(m.Most, m.Patch*m.Patch, m.Atoms*m.Atoms), Target: m.Gain * m.Gain})
	return s.average(MatMul(code.Dense(d.Shape().Dim(0)), d), m.Keep)
}

// cosines is the overcomplete cosine dictionary, [atoms², side²].
func cosines(g *Graph, side, atoms int) *Node {
	d := sparse.OvercompleteDCT(side, atoms)
	return ConstTensor(g, tensors.FromFlatDataAndDimensions(d.Atoms, d.Count, d.Size))
}
