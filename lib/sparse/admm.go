package sparse

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go
)

// ADMM is the alternating direction method of multipliers in graph form (Parikh & Boyd 2014, Block splitting for distributed optimization): with
// u = aD it alternates between proximal steps of the penalty in a and of ½‖m∘(y − u)‖² in u, and the projection of both onto
// {u = aD}, whose one matrix (1 + DᵀD)⁻¹ serves all signals, all masks and all ρ. ρ is balanced for each signal (Boyd et al. 2011, 3.4.1).
func ADMM(p Lasso, tolerance float64, iterations int) Solution {
	p = p.columns()
	size, n := p.Y.Shape().Dim(0), p.Y.Shape().Dim(1)
	gram := Add(MatMul(transpose(p.D), p.D), identity(p.D, size))
	a := p.start()
	u := MatMul(transpose(p.D), a)
	state := []*Node{a, a, u, fill(a, 0, a.Shape().Dimensions...), fill(a, 0, size, n), fill(a, 1, 1, n)} // sparse a, a, u, duals of both, ρ
	return p.solve(tolerance, iterations, checkEvery, []*Node{inverse(gram)}, state, func(p Lasso, fixed, s []*Node) []*Node {
		a, u, da, du, rho := s[1], s[2], s[3], s[4], s[5]
		sparse := p.shrink(Sub(a, da), Div(number(a, p.Lambda), rho))
		seen := number(a, 1)
		if p.Mask != nil {
			seen = p.Mask
		}
		fit := Div(Add(p.Y, Mul(rho, Sub(u, du))), Add(seen, rho))
		// over-relaxed by 1.6, as Boyd et al. advise
		mix := func(half, before *Node) *Node { return Add(Mul(half, number(a, 1.6)), Mul(before, number(a, -0.6))) }
		ra, ru := Add(mix(sparse, a), da), Add(mix(fit, u), du)
		h := Add(ra, MatMul(p.D, ru))
		un := MatMul(fixed[0], MatMul(transpose(p.D), h)) // Woodbury
		an := Sub(h, MatMul(p.D, un))
		primal := Add(colSum(Square(Sub(sparse, an))), colSum(Square(Sub(fit, un))))
		dual := Mul(Square(rho), Add(colSum(Square(Sub(an, a))), colSum(Square(Sub(un, u)))))
		da, du = Sub(ra, an), Sub(ru, un)
		up := ConvertDType(GreaterThan(primal, Mul(dual, number(a, 100))), a.DType())
		down := ConvertDType(GreaterThan(dual, Mul(primal, number(a, 100))), a.DType())
		change := Sub(Add(number(a, 1), up), Mul(down, number(a, 0.5))) // 2, ½ or 1
		return []*Node{sparse, an, un, Div(da, change), Div(du, change), Mul(rho, change)}
	})
}

// inverse is that of a symmetric matrix whose eigenvalues are at least 1, by Newton's iteration x ← x(2 − mx) (Schulz 1933).
func inverse(m *Node) *Node {
	two := Mul(identity(m, m.Shape().Dim(0)), number(m, 2))
	x := Div(half(two), bound(m))
	for range 24 { // the error is squared each time, from 1 − 1/condition
		x = MatMul(x, Sub(two, MatMul(m, x)))
	}
	return x
}
