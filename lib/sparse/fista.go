package sparse

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Lasso is min over a of ½‖m∘(y − aD)‖² + λ‖a‖₁ for many signals at once: y [signals, size], D [atoms, size] with its
// atoms as rows, and m, if it is not nil, a mask of zeros and ones like y. The seed formula ‖y − Da‖² + λ′‖a‖₁ is the same
// problem with λ′ = 2λ.
type Lasso struct {
	Y, Mask, D *Node
	Lambda     float64
	Norm2      float64 // largest eigenvalue of DDᵀ, see Dictionary.Norm2
}

// Solution is what a solver returns.
type Solution struct {
	A          *Node // [signals, atoms]
	Gap        *Node // sum over the signals of the duality gap, relative to the sum of ½‖m∘y‖²; never below the true suboptimality
	Iterations *Node // int32
}

// checkEvery is how many iterations lie between two looks at the gap.
const checkEvery = 10

// FISTA is the fast iterative shrinkage-thresholding algorithm (Beck & Teboulle 2009) with a restart whenever the momentum points
// uphill (O'Donoghue & Candès 2015), on all signals in one loop, until the relative gap is at most tolerance or the
// iterations run out.
func FISTA(p Lasso, tolerance float64, iterations int) Solution {
	g := p.Y.Graph()
	n, atoms := p.Y.Shape().Dim(0), p.D.Shape().Dim(0)
	y := p.Y
	if p.Mask != nil {
		y = Mul(y, p.Mask)
	}
	scalar := shapes.Make(dtypes.Float32)
	stateShapes := []shapes.Shape{
		shapes.Make(dtypes.Int32), scalar, // iterations done, relative gap
		shapes.Make(dtypes.Float32, n, atoms), shapes.Make(dtypes.Float32, n, atoms), shapes.Make(dtypes.Float32, n, 1), // a, extrapolated a, momentum t
		y.Shape(), p.D.Shape(),
	}
	start := []*Node{
		Scalar(g, dtypes.Int32, 0), Scalar(g, dtypes.Float32, 1),
		Zeros(g, stateShapes[2]), Zeros(g, stateShapes[2]), Ones(g, stateShapes[4]), y, p.D,
	}
	if p.Mask != nil {
		stateShapes = append(stateShapes, y.Shape())
		start = append(start, p.Mask)
	}
	parameters := func(g *Graph) []*Node {
		out := make([]*Node, len(stateShapes))
		for i, s := range stateShapes {
			out[i] = Parameter(g, "", s)
		}
		return out
	}
	cond := NewClosure(g, func(g *Graph) []*Node {
		s := parameters(g)
		more := LessThan(s[0], Const(g, int32(iterations)))
		return []*Node{LogicalAnd(more, GreaterThan(s[1], number(s[1], tolerance)))}
	})
	body := NewClosure(g, func(g *Graph) []*Node {
		s := parameters(g)
		q := Lasso{Y: s[5], D: s[6], Lambda: p.Lambda, Norm2: p.Norm2}
		if p.Mask != nil {
			q.Mask = s[7]
		}
		a, z, t := s[2], s[3], s[4]
		for range checkEvery {
			a, z, t = q.step(a, z, t)
		}
		return append([]*Node{Add(s[0], Const(g, int32(checkEvery))), q.gap(a), a, z, t}, s[5:]...)
	})
	out := While(cond, body, start...)
	return Solution{A: out[2], Gap: out[1], Iterations: out[0]}
}

// step is one iteration from the extrapolated point z, with one momentum per signal.
func (p Lasso) step(a, z, t *Node) (aNext, zNext, tNext *Node) {
	one := number(t, 1)
	gradient := MatMul(p.residual(z), TransposeAllAxes(p.D, 1, 0)) // of the negative smooth part
	aNext = shrink(Add(z, Mul(gradient, number(z, 1/p.Norm2))), p.Lambda/p.Norm2)
	move := Sub(aNext, a)
	uphill := ConvertDType(GreaterThan(rowSum(Mul(Sub(z, aNext), move)), number(t, 0)), t.DType())
	downhill := Sub(one, uphill)
	t = Add(Mul(t, downhill), uphill) // restart: t = 1
	tNext = Mul(Add(Sqrt(Add(Mul(Square(t), number(t, 4)), one)), one), number(t, 0.5))
	momentum := Mul(Div(Sub(t, one), tNext), downhill)
	return aNext, Add(aNext, Mul(move, momentum)), tNext
}

// residual is m∘(y − aD).
func (p Lasso) residual(a *Node) *Node {
	r := Sub(p.Y, MatMul(a, p.D))
	if p.Mask != nil {
		r = Mul(r, p.Mask)
	}
	return r
}

// gap is the relative duality gap. The dual point is the residual, scaled to be feasible: ‖Dθ‖∞ ≤ λ.
func (p Lasso) gap(a *Node) *Node {
	r := p.residual(a)
	tiny := number(a, 1e-30) // for signals that are zero
	correlation := rowMax(Abs(MatMul(r, TransposeAllAxes(p.D, 1, 0))))
	scale := Min(number(a, 1), Div(number(a, p.Lambda), Add(correlation, tiny)))
	half := func(v *Node) *Node { return Mul(rowSum(Square(v)), number(v, 0.5)) }
	primal := Add(half(r), Mul(rowSum(Abs(a)), number(a, p.Lambda)))
	dual := Sub(half(p.Y), half(Sub(p.Y, Mul(r, scale))))
	total := func(v *Node) *Node { return Reshape(rowSum(Reshape(v, 1, -1))) }
	return Div(total(Sub(primal, dual)), Add(total(half(p.Y)), tiny))
}

// go-xla v0.4.1 keeps one reduction function for a whole program, which only the function that made it may use, so that a loop's body
// cannot reduce by an operation that the program reduces by elsewhere. These two do without. TestUpstreamReduceInLoop fails once go-xla closes
// the gap.

// rowSum is the sum over the last axis of v [n, d], as [n, 1]: a product with ones.
func rowSum(v *Node) *Node {
	return MatMul(v, BroadcastToDims(number(v, 1), v.Shape().Dim(-1), 1))
}

// rowMax is the largest of the last axis of v [n, d], as [n, 1], by halving.
func rowMax(v *Node) *Node {
	for d := v.Shape().Dim(-1); d > 1; d = v.Shape().Dim(-1) {
		half := (d + 1) / 2 // for an odd d the middle is in both halves
		v = Max(Slice(v, AxisRange(), AxisRange(0, half)), Slice(v, AxisRange(), AxisRange(d-half, d)))
	}
	return v
}

// shrink is the soft threshold sign(v)·max(|v| − λ, 0).
func shrink(v *Node, lambda float64) *Node {
	return Sub(v, Max(Min(v, number(v, lambda)), number(v, -lambda)))
}

// number is a scalar constant of v's program for use in a loop. GoMLX's own, and so MulScalar and its like, are kept for the whole
// program in the function that first asked for them, and no other function may use them.
func number(v *Node, x float64) *Node { return Const(v.Graph(), float32(x)) }
