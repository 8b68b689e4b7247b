package sparse

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Lasso is min over a of ½‖m∘(y − aD)‖² + λ Σ wⱼ|aⱼ| for many signals at once. The seed formula ‖y − Da‖² + λ′‖a‖₁ is the same problem with
// λ′ = 2λ. What is nil or zero below is left out of the problem.
type Lasso struct {
	Y      *Node // [signals, size]
	D      *Node // [atoms, size], the atoms as rows
	Mask   *Node // m: zeros and ones, like Y
	Lambda float64
	// Weights w are above zero, [1, atoms] or [signals, atoms]; with groups [1, groups] or [signals, groups]. A λ for each signal is written
	// as weights [signals, 1].
	Weights     *Node
	NonNegative bool // a ≥ 0
	// Group makes the penalty λ Σ wɢ‖aɢ‖₂ over groups of so many atoms that follow one another (Yuan & Lin 2006). It divides the
	// number of atoms.
	Group int
	Start *Node // where the solver begins, [signals, atoms]; else at zero
}

// Solution is what a solver returns. All but A and Iterations is one number for each signal, [signals].
type Solution struct {
	A         *Node // [signals, atoms]
	Objective *Node // ½‖m∘(y − aD)‖² + λ Σ wⱼ|aⱼ|
	// Gap is how far the objective is from a feasible point of the dual problem, and so never less than from its minimum. It is a sum of
	// terms that are none below zero, so that float32 keeps its last digits.
	Gap        *Node
	KKT        *Node // largest entry of a − prox(a + D(m∘(y − aD))), which is zero at the minimum and nowhere else
	Iterations *Node // int32, of the batch
}

// Solver is any of this package's: it stops once the gaps of the batch add up to at most tolerance of the sum of its ½‖m∘y‖², or
// the iterations run out.
type Solver func(p Lasso, tolerance float64, iterations int) Solution

// Solvers are those that solve any Lasso, by name.
func Solvers() map[string]Solver {
	return map[string]Solver{"ista": ISTA, "fista": FISTA, "admm": ADMM, "descent": Descent, "feature-sign": FeatureSign}
}

// LambdaMax is, for each signal [signals, 1], the least λ for which its solution is zero, and a few units of the last place more, so that it is
// whatever the order in which products are summed.
func (p Lasso) LambdaMax() *Node {
	p = p.columns()
	return Mul(transpose(p.dualNorm(MatMul(p.D, p.Y))), number(p.Y, 1+1e-6))
}

// Path solves for one λ after the other, each from the solution of the one before. The λ should fall.
func Path(p Lasso, lambdas []float64, solve Solver, tolerance float64, iterations int) []Solution {
	var out []Solution
	for _, lambda := range lambdas {
		p.Lambda = lambda
		s := solve(p, tolerance, iterations)
		p.Start = s.A
		out = append(out, s)
	}
	return out
}

// columns is the problem as the solvers work on it: signals are columns, and what the mask hides is zero.
func (p Lasso) columns() Lasso {
	size, atoms := p.Y.Shape().Dim(-1), p.D.Shape().Dim(0)
	switch {
	case p.D.Shape().Dim(-1) != size:
		panic(fmt.Errorf("sparse: signals of %d values and atoms of %d do not fit; both must have the same size", size, p.D.Shape().Dim(-1)))
	case p.Lambda < 0:
		panic(fmt.Errorf("sparse: λ = %g; it must be at least 0", p.Lambda))
	case p.Group > 0 && atoms%p.Group != 0:
		panic(fmt.Errorf("sparse: %d atoms are not made of groups of %d; use a divisor of %d", atoms, p.Group, atoms))
	case p.Group > 0 && p.NonNegative:
		panic(fmt.Errorf("sparse: groups of %d atoms that are not negative are not solved here; use one or the other", p.Group))
	}
	if p.Mask != nil {
		p.Y = Mul(p.Y, p.Mask)
		p.Mask = transpose(p.Mask)
	}
	p.Y = transpose(p.Y)
	if p.Weights != nil {
		p.Weights = transpose(p.Weights)
	}
	if p.Start != nil {
		p.Start = transpose(p.Start)
	}
	return p
}

// start is the first a, [atoms, signals].
func (p Lasso) start() *Node {
	if p.Start != nil {
		return p.Start
	}
	return fill(p.Y, 0, p.D.Shape().Dim(0), p.Y.Shape().Dim(1))
}

// nodes are what a loop's body needs of the problem, and with gives it its own ones.
func (p Lasso) nodes() []*Node {
	out := []*Node{p.Y, p.D}
	for _, v := range []*Node{p.Mask, p.Weights} {
		if v != nil {
			out = append(out, v)
		}
	}
	return out
}

func (p Lasso) with(nodes []*Node) Lasso {
	p.Y, p.D, nodes = nodes[0], nodes[1], nodes[2:]
	if p.Mask != nil {
		p.Mask, nodes = nodes[0], nodes[1:]
	}
	if p.Weights != nil {
		p.Weights = nodes[0]
	}
	return p
}

// solve repeats step on the state, whose first part is a [atoms, signals], and looks at the gap each time that so many iterations are
// done. fixed is what step needs besides and does not change.
func (p Lasso) solve(tolerance float64, iterations, every int, fixed, state []*Node, step func(p Lasso, fixed, state []*Node) []*Node) Solution {
	g := p.Y.Graph()
	limit := Mul(half(colSum(Square(p.Y))), number(p.Y, tolerance))
	own := p.nodes()
	start := append([]*Node{Const(g, int32(0)), number(p.Y, 1), total(limit)}, state...)
	start = append(append(start, own...), fixed...)
	out := loop(start, func(s []*Node) *Node {
		return LogicalAnd(LessThan(s[0], Const(s[0].Graph(), int32(iterations))), LogicalOr(GreaterThan(s[1], s[2]), Equal(s[0], Const(s[0].Graph(), int32(0)))))
	}, func(s []*Node) []*Node {
		rest := s[3+len(state):]
		q := p.with(rest)
		now := s[3 : 3+len(state)]
		for range every {
			now = step(q, rest[len(own):], now)
		}
		_, gap, _ := q.certify(now[0])
		next := []*Node{Add(s[0], Const(s[0].Graph(), int32(every))), total(gap), s[2]}
		return append(append(next, now...), rest...)
	})
	objective, gap, kkt := p.certify(out[3])
	return Solution{A: transpose(out[3]), Objective: Reshape(objective, -1), Gap: Reshape(gap, -1), KKT: Reshape(kkt, -1), Iterations: out[0]}
}

// certify returns objective, gap and KKT residual, each [1, signals]. The dual point is the residual times the largest s ≤ 1 that makes it
// feasible. With c = Dr, primal less dual is ½(1 − s)²‖r‖² + Σ(λwⱼ|aⱼ| − s·cⱼaⱼ), none of whose terms is below zero.
func (p Lasso) certify(a *Node) (objective, gap, kkt *Node) {
	r := p.residual(a)
	c := MatMul(p.D, r)
	one, lambda := number(a, 1), number(a, p.Lambda)
	s := Min(one, Div(lambda, Max(p.dualNorm(c), number(a, 1e-30))))
	energy, penalty := half(colSum(Square(r))), Mul(p.size(a), lambda)
	slack := Sub(penalty, Mul(s, p.pair(c, a)))
	gap = Add(Mul(Square(Sub(one, s)), energy), colSum(Max(slack, number(a, 0))))
	kkt = colMax(Abs(Sub(a, p.shrink(Add(a, c), lambda))))
	return Add(energy, colSum(penalty)), gap, kkt
}

// residual is m∘(y − aD).
func (p Lasso) residual(a *Node) *Node {
	r := Sub(p.Y, MatMul(transpose(p.D), a))
	if p.Mask != nil {
		r = Mul(r, p.Mask)
	}
	return r
}

// size is wⱼ|aⱼ|, or wɢ‖aɢ‖ for each group.
func (p Lasso) size(a *Node) *Node {
	v := Abs(a)
	if p.Group > 0 {
		v = groupNorm(a, p.Group)
	}
	if p.Weights != nil {
		v = Mul(v, p.Weights)
	}
	return v
}

// pair is cⱼaⱼ, or ⟨cɢ, aɢ⟩.
func (p Lasso) pair(c, a *Node) *Node {
	v := Mul(c, a)
	if p.Group > 0 {
		v = groupSum(v, p.Group)
	}
	return v
}

// dualNorm is the least λ for which c is feasible, [1, signals].
func (p Lasso) dualNorm(c *Node) *Node {
	v := Abs(c)
	if p.NonNegative {
		v = Max(c, number(c, 0))
	}
	if p.Group > 0 {
		v = groupNorm(c, p.Group)
	}
	if p.Weights != nil {
		v = Div(v, p.Weights)
	}
	return colMax(v)
}

// shrink is the proximal step of t times the penalty, with t a scalar or [1, signals].
func (p Lasso) shrink(v, t *Node) *Node {
	if p.Weights != nil {
		t = Mul(t, p.Weights)
	}
	var n, next *Node
	switch {
	case p.Group > 0:
		n = groupNorm(v, p.Group)
		next = Mul(v, spread(Sub(number(v, 1), Div(t, Max(n, number(v, 1e-30)))), p.Group))
	case p.NonNegative:
		n, next = v, Sub(v, t)
	default:
		n, next = Abs(v), Sub(v, Max(Min(v, t), Neg(t)))
	}
	above := ConvertDType(GreaterThan(n, t), v.DType()) // XLA may fuse v − t with the product that v is: at v = t it is not always zero
	if p.Group > 0 {
		above = spread(above, p.Group)
	}
	return Mul(next, above)
}

// bound is the largest eigenvalue of DDᵀ, or up to half a percent more: tr((DᵀD)ᵖ)^(1/p), with p = 1024 by repeated squaring.
func bound(d *Node) *Node {
	m := MatMul(transpose(d), d)
	if d.Shape().Dim(0) < d.Shape().Dim(1) {
		m = MatMul(d, transpose(d))
	}
	n := m.Shape().Dim(0)
	eye := identity(d, n)
	trace := func(m *Node) *Node { return Max(total(colSum(Mul(m, eye))), number(m, 1e-30)) }
	t := trace(m)
	out, m, power := t, Div(m, t), 0.5
	for range 10 {
		m = MatMul(m, m)
		t = trace(m)
		out, m = Mul(out, Exp(Mul(Log(t), number(t, power)))), Div(m, t)
		power /= 2
	}
	return Mul(out, number(out, 1+1e-6))
}

// parameters are those of a closure.
func parameters(g *Graph, like []shapes.Shape) []*Node {
	out := make([]*Node, len(like))
	for i, s := range like {
		out[i] = Parameter(g, "", s)
	}
	return out
}

// loop is While over nodes.
func loop(start []*Node, cond func([]*Node) *Node, body func([]*Node) []*Node) []*Node {
	g := start[0].Graph()
	like := make([]shapes.Shape, len(start))
	for i, v := range start {
		like[i] = v.Shape()
	}
	return While(
		NewClosure(g, func(g *Graph) []*Node { return []*Node{cond(parameters(g, like))} }),
		NewClosure(g, func(g *Graph) []*Node { return body(parameters(g, like)) }), start...)
}

// go-xla v0.4.1 keeps one reduction function for a whole program, which only the function that made it may use, so that a loop's body
// cannot reduce by an operation that the program reduces by elsewhere. These do without. TestUpstreamReduceInLoop fails once go-xla closes
// the gap.

// colSum is the sum over the first axis of v [d, n], as [1, n]: a product with ones.
func colSum(v *Node) *Node { return MatMul(fill(v, 1, 1, v.Shape().Dim(0)), v) }

// colMax is the largest of the first axis of v [d, n], as [1, n], by halving.
func colMax(v *Node) *Node {
	for d := v.Shape().Dim(0); d > 1; d = v.Shape().Dim(0) {
		h := (d + 1) / 2 // for an odd d the middle is in both halves
		v = Max(Slice(v, AxisRange(0, h)), Slice(v, AxisRange(d-h, d)))
	}
	return v
}

// total is the sum of v [1, n], a scalar.
func total(v *Node) *Node { return Reshape(MatMul(v, fill(v, 1, v.Shape().Dim(1), 1))) }

// groupSum is the sum over each group of size rows that follow one another, [rows/size, n].
func groupSum(v *Node, size int) *Node {
	var sum *Node
	for i := range size {
		part := Slice(v, AxisRange(i).Stride(size))
		if sum == nil {
			sum = part
		} else {
			sum = Add(sum, part)
		}
	}
	return sum
}

func groupNorm(v *Node, size int) *Node { return Sqrt(groupSum(Square(v), size)) }

// spread repeats each row size times.
func spread(v *Node, size int) *Node {
	d := v.Shape().Dimensions
	return Reshape(BroadcastToDims(Reshape(v, d[0], 1, d[1]), d[0], size, d[1]), d[0]*size, d[1])
}

func identity(v *Node, n int) *Node {
	rows, cols := Iota(v.Graph(), shapes.Make(dtypes.Int32, n, n), 0), Iota(v.Graph(), shapes.Make(dtypes.Int32, n, n), 1)
	return ConvertDType(Equal(rows, cols), v.DType())
}

func half(v *Node) *Node { return Mul(v, number(v, 0.5)) }

func transpose(v *Node) *Node { return TransposeAllAxes(v, 1, 0) }

// number is a scalar constant of v's program for use in a loop. GoMLX's own, and so MulScalar and its like, are kept for the whole
// program in the function that first asked for them, and no other function may use them.
func number(v *Node, x float64) *Node { return Const(v.Graph(), float32(x)) }

// fill is an array of one number in v's program.
func fill(v *Node, x float64, dims ...int) *Node { return BroadcastToDims(number(v, x), dims...) }
