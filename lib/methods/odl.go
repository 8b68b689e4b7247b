package methods

import (
	"darkroom/lib/sparse"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// ODL restores by a dictionary that is learnt online (Mairal, Bach, Ponce & Sapiro 2009, Online dictionary learning for sparse coding, ICML):
//
//	min E ½‖y − aD‖² + λ‖a‖₁ over D, with atoms of length 1 at most
//
// Each mini-batch of training patches is coded by feature-sign search and added to aᵀa and aᵀy, of which the past counts less and less; then each
// atom is brought up to date in turn (sparse.OnlineStep). Pictures are restored by matching pursuit over the dictionary, as by omp.
type ODL struct {
	Posed
	Pursuit
	Lambda float64 `default:"0.1" range:"0:" help:"weight of the l1 norm while learning, for patches between 0 and 1"`
	Batch  int     `default:"512" range:"1:65536" help:"patches in a mini-batch"`
	Epochs int     `default:"4" range:"0:1000" help:"how often each training patch is seen"`
	Learn  int     `default:"20000" range:"16:200000" help:"training patches"`
}

// Pose implements Method.
func (m *ODL) Pose(p Problem) error {
	if err := poseOverlap("odl", p, m.Patch, m.Stride); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// PatchSize implements Patcher.
func (m *ODL) PatchSize() int { return m.Patch }

// FitPatches implements PatchFitter.
func (m *ODL) FitPatches() int { return m.Learn }

// Fit implements Fitter.
func (m *ODL) Fit(run Runner, x Images) (map[string]Array, error) {
	start := sparse.OvercompleteDCT(m.Patch, m.Atoms)
	atoms, size := start.Count, start.Size
	d, gram, cross := Array{[]int{atoms, size}, start.Atoms}, Array{[]int{atoms, atoms}, make([]float32, atoms*atoms)}, Array{[]int{atoms, size}, make([]float32, atoms*size)}
	step := run.Compile(func(in []*Node) []*Node {
		y, d, gram, cross, past := in[0], in[1], in[2], in[3], Reshape(in[4])
		code := sparse.FeatureSign(sparse.Lasso{Y: y, D: d, Lambda: m.Lambda}, 1e-3, 200).A
		back := TransposeAllAxes(code, 1, 0)
		gram, cross = Add(Mul(gram, past), MatMul(back, code)), Add(Mul(cross, past), MatMul(back, y))
		return []*Node{sparse.OnlineStep(gram, cross, d), gram, cross}
	})
	t := 0.0
	for range m.Epochs {
		for _, y := range batchesOf(centred(x, m.Patch), m.Batch) {
			t++
			past := Array{[]int{1}, []float32{float32(1 - 1/t)}} // (1 − 1/t)^ρ with ρ = 1
			out, err := step(y, d, gram, cross, past)
			if err != nil {
				return nil, err
			}
			d, gram, cross = out[0], out[1], out[2]
		}
	}
	unitRows(d)
	return map[string]Array{"odl/dictionary": d}, nil
}

// Restore implements Restorer.
func (m *ODL) Restore(scope *Scope, y, aux *Node) *Node {
	d := scope.At("odl").VariableWithShape("dictionary", shapes.Make(dtypes.Float32, m.count(), m.size())).NodeValue(y.Graph())
	s := see("odl", "patch", m.problem.Operator, y, aux, m.Patch, m.Stride)
	return m.restore(s, d)
}
