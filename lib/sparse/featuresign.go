package sparse

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go
)

// FeatureSign is feature-sign search (Lee, Battle, Raina & Ng 2007, Efficient sparse coding algorithms), each signal by itself: the atom that
// violates the optimality conditions most, in proportion to its λ, becomes active; for the active atoms and their signs the minimum is the solution of
// a system of linear equations; on the way there an atom whose coefficient reaches zero is dropped. It ends after finitely many
// steps at the exact minimum but for rounding, or where a signal's gap is at most tolerance of its ½‖m∘y‖². Iterations are such steps.
//
// It takes a handler of the CPU plugin (lib/engine/onednn). Without one, or with groups, it is Descent, to the same gap.
func FeatureSign(p Lasso, tolerance float64, iterations int) Solution {
	s := Descent(p, tolerance, iterations)
	if p.Group > 0 {
		return s
	}
	n, atoms, size := p.Y.Shape().Dim(0), p.D.Shape().Dim(0), p.Y.Shape().Dim(1)
	q := p.columns()
	lambda := fill(p.Y, p.Lambda, 1, atoms)
	if w := p.Weights; w != nil {
		lambda = BroadcastToDims(Mul(w, number(w, p.Lambda)), w.Shape().Dim(0), atoms)
	}
	room := min(atoms, size+8) // active atoms are as many as there are values, or depend on one another
	operands := []*Node{
		transpose(q.Y), p.D, MatMul(transpose(q.Y), transpose(p.D)), half(transpose(colSum(Square(q.Y)))), lambda,
		options(p.Y, yes(p.NonNegative), tolerance, float64(iterations), yes(p.Mask != nil), yes(p.Start != nil), float64(room)),
	}
	if p.Mask != nil {
		operands = append(operands, p.Mask)
	} else {
		operands = append(operands, MatMul(p.D, transpose(p.D)))
	}
	if p.Start != nil {
		operands = append(operands, p.Start)
	}
	steps := BroadcastToDims(s.Iterations, n, 1)
	out := handled("lasso", operands, s.A, steps)
	objective, gap, kkt := q.certify(transpose(out[0]))
	return Solution{A: out[0], Objective: Reshape(objective, -1), Gap: Reshape(gap, -1), KKT: Reshape(kkt, -1), Iterations: Reshape(colMax(out[1]))}
}
