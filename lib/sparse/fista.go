package sparse

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go
)

// checkEvery is how many iterations lie between two looks at the gap.
const checkEvery = 5

// ISTA is the iterative shrinkage-thresholding algorithm (Daubechies, Defrise & De Mol 2004): a ← prox(a + D(m∘(y − aD))/L), with L the largest
// eigenvalue of DDᵀ.
func ISTA(p Lasso, tolerance float64, iterations int) Solution {
	p = p.columns()
	return p.solve(tolerance, iterations, checkEvery, []*Node{bound(p.D)}, []*Node{p.start()}, func(p Lasso, fixed, s []*Node) []*Node {
		return []*Node{p.forwardBackward(s[0], fixed[0])}
	})
}

// FISTA is the fast iterative shrinkage-thresholding algorithm (Beck & Teboulle 2009), on all signals in one loop, each with its own
// momentum, which restarts when it points uphill (O'Donoghue & Candès 2015).
func FISTA(p Lasso, tolerance float64, iterations int) Solution {
	p = p.columns()
	a := p.start()
	state := []*Node{a, a, fill(a, 1, 1, a.Shape().Dim(1))} // a, extrapolated a, momentum t
	return p.solve(tolerance, iterations, checkEvery, []*Node{bound(p.D)}, state, func(p Lasso, fixed, s []*Node) []*Node {
		a, z, t := s[0], s[1], s[2]
		one := number(t, 1)
		next := p.forwardBackward(z, fixed[0])
		move := Sub(next, a)
		uphill := ConvertDType(GreaterThan(colSum(Mul(Sub(z, next), move)), number(t, 0)), t.DType())
		downhill := Sub(one, uphill)
		t = Add(Mul(t, downhill), uphill) // restart: t = 1
		tNext := half(Add(Sqrt(Add(Mul(Square(t), number(t, 4)), one)), one))
		momentum := Mul(Div(Sub(t, one), tNext), downhill)
		return []*Node{next, Add(next, Mul(move, momentum)), tNext}
	})
}

// forwardBackward is one proximal gradient step from a.
func (p Lasso) forwardBackward(a, l *Node) *Node {
	step := Div(number(l, 1), l)
	return p.shrink(Add(a, Mul(MatMul(p.D, p.residual(a)), step)), Mul(step, number(l, p.Lambda)))
}
