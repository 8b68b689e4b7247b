package methods

import (
	"darkroom/lib/sparse"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/gomlx/core/tensors"
)

// OMP restores by orthogonal matching pursuit (Pati, Rezaiifar & Krishnaprasad 1993) of all overlapping patches over a fixed overcomplete cosine
// dictionary (Elad & Aharon 2006, IEEE TIP 15(12), the fixed dictionary), as Pursuit says it.
//
// It needs no training. A mask hides pixels from the pursuit, and the atoms fill them in.
type OMP struct {
	Posed
	Pursuit
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
	s := see("omp", "patch", m.problem.Operator, y, aux, m.Patch, m.Stride)
	return m.restore(s, cosines(y.Graph(), m.Patch, m.Atoms))
}

// cosines is the overcomplete cosine dictionary, [atoms², side²].
func cosines(g *Graph, side, atoms int) *Node {
	d := sparse.OvercompleteDCT(side, atoms)
	return ConstTensor(g, tensors.FromFlatDataAndDimensions(d.Atoms, d.Count, d.Size))
}
