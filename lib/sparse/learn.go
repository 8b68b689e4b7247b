package sparse

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// KSVDStep is the second half of an iteration of K-SVD (Aharon, Elad & Bruckstein 2006): it brings d [atoms, size] and the
// codes of y [signals, size] up to date, one atom after the other; their supports stay. For each the signals that use it are fitted by that atom
// alone, without what it did before, by one step of the power method from the codes as they are (Rubinstein, Zibulevsky & Elad 2008). With a
// mask, like y, each pixel of an atom is fitted where it is seen (Mairal, Elad & Sapiro 2008). An atom that no signal uses stays. The new
// code has neither Objective nor KKT.
func KSVDStep(y, mask, d *Node, c Code) (*Node, Code) {
	operands := []*Node{y, d, c.Support, c.Coefficients}
	if mask != nil {
		operands = append(operands, mask)
	}
	next, a := ksvdStep(y, mask, d, c.Dense(d.Shape().Dim(0)))
	out := handled("atoms", operands, next, c.of(a))
	return out[0], Code{Support: c.Support, Coefficients: out[1]}
}

// of takes a code's coefficients out of an array [signals, atoms].
func (c Code) of(a *Node) *Node {
	n, k := c.Support.Shape().Dim(0), c.Support.Shape().Dim(1)
	none := BroadcastToDims(Const(a.Graph(), int32(0)), n, k)
	rows := Iota(a.Graph(), shapes.Make(dtypes.Int32, n*k, 1), 0)
	rows = Div(rows, BroadcastToDims(Const(a.Graph(), int32(k)), n*k, 1))
	v := Reshape(Gather(a, Concatenate([]*Node{rows, Reshape(Max(c.Support, none), n*k, 1)}, 1)), n, k)
	return Where(GreaterOrEqual(c.Support, none), v, fill(a, 0, n, k))
}

// ksvdStep is KSVDStep on all signals at once, whether they use an atom or not, with their codes as an array [signals, atoms].
func ksvdStep(y, mask, d, a *Node) (dNext, aNext *Node) {
	g := y.Graph()
	atoms, size, n := d.Shape().Dim(0), d.Shape().Dim(1), y.Shape().Dim(0)
	r := Sub(y, MatMul(a, d))
	start := []*Node{Const(g, int32(0)), d, transpose(a), nil}
	if mask != nil {
		r = Mul(r, mask)
		start = append(start, mask)
	}
	start[3] = r
	out := loop(start, func(s []*Node) *Node { return LessThan(s[0], Const(s[0].Graph(), int32(atoms))) }, func(s []*Node) []*Node {
		i, d, a, r := s[0], s[1], s[2], s[3]
		one := Const(i.Graph(), int32(1))
		at := []*Node{i, Sub(one, one)}
		atom, code := DynamicSlice(d, at, []int{1, size}), DynamicSlice(a, at, []int{1, n})
		tiny := number(d, 1e-12)
		square := MatMul(code, transpose(code))
		if mask != nil {
			square = MatMul(Square(code), s[4]) // for each pixel
		}
		used := ConvertDType(GreaterThan(Abs(code), number(d, 0)), d.DType())
		fit := Add(atom, Div(MatMul(code, r), Max(square, tiny)))
		length := Sqrt(MatMul(fit, transpose(fit)))
		some := ConvertDType(GreaterThan(MatMul(code, transpose(code)), tiny), d.DType())
		next := Add(Mul(Div(fit, Max(length, tiny)), some), Mul(atom, Sub(number(d, 1), some)))
		// with the atom's part put back: r + code·atom, of which next takes its share
		back := MatMul(transpose(code), atom)
		weight := number(d, 1)
		if mask != nil {
			back = Mul(back, s[4])
			weight = Max(transpose(MatMul(s[4], transpose(Square(next)))), number(d, 1e-6))
		}
		r = Add(r, back)
		codeNext := Mul(Div(transpose(MatMul(r, transpose(next))), weight), used)
		away := MatMul(transpose(codeNext), next)
		if mask != nil {
			away = Mul(away, s[4])
		}
		out := []*Node{Add(i, one), DynamicUpdateSlice(d, next, at), DynamicUpdateSlice(a, codeNext, at), Sub(r, away)}
		return append(out, s[4:]...)
	})
	return out[1], transpose(out[2])
}

// OnlineStep is the dictionary's half of online learning (Mairal et al. 2009, Algorithm 2): with gram = Σ aᵀa [atoms, atoms] and cross = Σ aᵀy
// [atoms, size] over the past, each atom in turn minimises ½tr(Dᵀ·gram·D) − tr(Dᵀ·cross), and its length is at most 1.
func OnlineStep(gram, cross, d *Node) *Node {
	atoms, size := d.Shape().Dim(0), d.Shape().Dim(1)
	start := []*Node{Const(d.Graph(), int32(0)), d, gram, cross}
	return loop(start, func(s []*Node) *Node { return LessThan(s[0], Const(s[0].Graph(), int32(atoms))) }, func(s []*Node) []*Node {
		i, d := s[0], s[1]
		one := Const(i.Graph(), int32(1))
		at := []*Node{i, Sub(one, one)}
		row, atom := DynamicSlice(s[2], at, []int{1, atoms}), DynamicSlice(d, at, []int{1, size})
		here := Equal(Iota(i.Graph(), shapes.Make(dtypes.Int32, 1, atoms), 1), BroadcastToDims(i, 1, atoms))
		own := MatMul(row, transpose(ConvertDType(here, d.DType())))
		next := Add(atom, Div(Sub(DynamicSlice(s[3], at, []int{1, size}), MatMul(row, d)), Max(own, number(d, 1e-6))))
		next = Div(next, Max(Sqrt(MatMul(next, transpose(next))), number(d, 1)))
		unused := LessOrEqual(own, number(d, 1e-6))
		next = Where(BroadcastToDims(unused, 1, size), atom, next)
		return []*Node{Add(i, one), DynamicUpdateSlice(d, next, at), s[2], s[3]}
	})[1]
}
