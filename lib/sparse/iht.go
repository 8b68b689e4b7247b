package sparse

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go
)

// IHT is iterative hard thresholding (Blumensath & Davies 2009) for min ½‖m∘(y − aD)‖² over codes of at most k atoms:
// a ← the k largest of a + D(m∘(y − aD))/L. It ends at a fixed point, not always the minimum, when five steps lower the batch's objective by
// at most tolerance of ½‖m∘y‖², or the iterations run out. Lambda, Weights, NonNegative and Group have no part in it. The solution has no
// Gap, since the problem is not convex; KKT is the largest correlation of the residual with an atom of the support.
func IHT(p Lasso, k int, tolerance float64, iterations int) Solution {
	p = Lasso{Y: p.Y, D: p.D, Mask: p.Mask, Start: p.Start}.columns()
	if atoms := p.D.Shape().Dim(0); k < 1 || k > atoms {
		panic(fmt.Errorf("sparse: iht with %d atoms out of %d; use 1 to %d", k, atoms, atoms))
	}
	g := p.Y.Graph()
	a := p.start()
	limit := Mul(total(half(colSum(Square(p.Y)))), number(p.Y, tolerance))
	start := []*Node{Const(g, int32(0)), Add(limit, number(a, 1)), total(half(colSum(Square(p.residual(a))))), a, limit, bound(p.D)}
	out := loop(append(start, p.nodes()...), func(s []*Node) *Node {
		return LogicalAnd(LessThan(s[0], Const(s[0].Graph(), int32(iterations))), GreaterThan(s[1], s[4]))
	}, func(s []*Node) []*Node {
		a, q := s[3], p.with(s[6:])
		for range checkEvery {
			a = largest(Add(a, Div(MatMul(q.D, q.residual(a)), s[5])), k)
		}
		objective := total(half(colSum(Square(q.residual(a)))))
		return append([]*Node{Add(s[0], Const(s[0].Graph(), int32(checkEvery))), Sub(s[2], objective), objective, a}, s[4:]...)
	})
	a = out[3]
	r := p.residual(a)
	kkt := colMax(Where(Equal(a, number(a, 0)), fill(a, 0, a.Shape().Dimensions...), Abs(MatMul(p.D, r))))
	return Solution{A: transpose(a), Objective: Reshape(half(colSum(Square(r))), -1), KKT: Reshape(kkt, -1), Iterations: out[0]}
}

// largest keeps the k entries of each column of v that are largest in magnitude.
func largest(v *Node, k int) *Node {
	size, zero := Abs(v), fill(v, 0, v.Shape().Dimensions...)
	rest := size
	var least *Node
	for range k {
		least = colMax(rest)
		rest = Where(GreaterOrEqual(rest, least), zero, rest)
	}
	return Where(GreaterOrEqual(size, least), v, zero)
}
