package methods

import (
	"darkroom/lib/sparse"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// FISTA restores by sparse representation of all overlapping patches over a fixed overcomplete cosine dictionary (Beck & Teboulle
// 2009; dictionary and averaging of Elad & Aharon 2006, arXiv-free: IEEE TIP 15(12)):
//
//	â = argmin ‖m∘(y − Da)‖² + 2λ‖a‖₁ for each patch less its mean,  x̂ = average of the patches Dâ + mean
//
// It needs no training. It stops by duality gap, all patches of a picture in one XLA program.
type FISTA struct {
	Posed
	Patch      int     `default:"8" range:"2:32" help:"side of the patches"`
	Atoms      int     `default:"16" range:"2:64" help:"cosines for each direction; the dictionary has their square"`
	Stride     int     `default:"2" range:"1:32" help:"pixels between neighbouring patches"`
	Lambda     float64 `default:"1.9" range:"0:" help:"weight of the l1 norm, in units of the noise's deviation (at least 2/255)"`
	Tolerance  float64 `default:"0.001" range:"1e-7:1" help:"stop when the duality gap is this share of half the squared norm"`
	Iterations int     `default:"500" range:"1:100000" help:"stop after so many iterations at the latest"`
}

// Pose implements Method.
func (m *FISTA) Pose(p Problem) error {
	if err := poseOverlap("fista", p, m.Patch, m.Stride); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// Restore implements Restorer.
func (m *FISTA) Restore(_ *Scope, y, aux *Node) *Node {
	s := see("fista", "patch", m.problem.Operator, y, aux, m.Patch, m.Stride)
	d := cosines(y.Graph(), m.Patch, m.Atoms)
	code := sparse.FISTA(sparse.Lasso{Y: s.signals, Mask: s.mask, D: d, Lambda: m.Lambda}, m.Tolerance, m.Iterations)
	return s.average(MatMul(code.A, d), 0)
}
