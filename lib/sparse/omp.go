package sparse

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Code is a sparse code by at most k atoms for each signal.
type Code struct {
	Support      *Node // [signals, k] int32, in the order in which they were taken; −1 from where a signal needs no more
	Coefficients *Node // [signals, k]; 0 there
	Objective    *Node // ½‖m∘(y − aD)‖², [signals]
	KKT          *Node // largest correlation of the residual with an atom of the support, [signals]: 0 at the least squares
}

// Pursuit says which atom is taken next and when to stop.
type Pursuit struct {
	Atoms  int     // at most so many
	Target float64 // stop at this mean square of the residual, over what the mask shows
	// Recursive takes the atom that lowers the residual most once all are fitted again: the order recursive (Natarajan 1995) or optimised
	// (Rebollo-Neira & Lowe 2002) pursuit. Else it is the one that correlates most with the residual.
	Recursive bool
}

// OMP is orthogonal matching pursuit (Pati, Rezaiifar & Krishnaprasad 1993): it takes one atom after the other and fits all that it has by
// least squares. y and mask, which may be nil, are [signals, size], d [atoms, size], its atoms of unit norm. As in
// Batch-OMP (Rubinstein, Zibulevsky & Elad 2008), with G = DDᵀ, or D(m∘D)ᵀ, the correlations c = D(m∘(y − aD)) follow from the rows of G and the
// Cholesky factor L of the chosen part of G, without the residual. All signals go in step, or, where the plugin has a handler, each by itself.
func OMP(y, mask, d *Node, o Pursuit) Code {
	size, atoms, k := y.Shape().Dim(1), d.Shape().Dim(0), o.Atoms
	if k < 1 || k > min(size, atoms) {
		panic(fmt.Errorf("sparse: omp with at most %d atoms, but there are %d of %d values; use 1 to %d", k, atoms, size, min(size, atoms)))
	}
	seen, norms, count := y, fill(y, 1, 1, atoms), fill(y, float64(size), y.Shape().Dim(0), 1)
	if mask != nil {
		seen = Mul(y, mask)
		norms, count = MatMul(mask, transpose(Square(d))), transpose(colSum(transpose(mask)))
	}
	energy := transpose(colSum(transpose(Square(seen))))
	enough := Max(Mul(count, number(y, o.Target)), Mul(energy, number(y, 1e-11)))
	operands := []*Node{MatMul(seen, transpose(d)), norms, energy, enough, options(y, yes(o.Recursive))}
	if mask != nil {
		operands = append(operands, d, mask)
	} else {
		operands = append(operands, MatMul(d, transpose(d)))
	}
	support, a := pursue(y, mask, d, transpose(enough), o)
	out := handled("omp", operands, support, a)
	code := Code{Support: out[0], Coefficients: out[1]}
	dense := transpose(code.Dense(atoms))
	p := Lasso{Y: y, D: d, Mask: mask}.columns()
	r := p.residual(dense)
	code.Objective = Reshape(half(colSum(Square(r))), -1)
	code.KKT = Reshape(colMax(Where(Equal(dense, number(y, 0)), fill(y, 0, dense.Shape().Dimensions...), Abs(MatMul(d, r)))), -1)
	return code
}

// pursue is OMP with all signals in step, until the squared residuals are at most enough, [1, signals].
func pursue(y, mask, d, enough *Node, o Pursuit) (support, a *Node) {
	n, atoms, k := y.Shape().Dim(0), d.Shape().Dim(0), o.Atoms
	g := y.Graph()
	y = transpose(y)
	norms := fill(y, 1, atoms, n)
	own := []*Node{d}
	if mask != nil {
		mask = transpose(mask)
		y = Mul(y, mask)
		norms = MatMul(Square(d), mask)
		own = append(own, mask)
	} else {
		own = append(own, MatMul(d, transpose(d)))
	}
	if !o.Recursive {
		own = append(own, norms)
	}
	energy := colSum(Square(y))
	none := BroadcastToDims(Const(g, int32(-1)), k, n)
	start := append([]*Node{
		Const(g, int32(0)), Const(g, true), energy, MatMul(d, y), norms, // steps, more?, ‖r‖², c, what is left of the atoms' squares
		fill(y, 0, k, atoms, n), fill(y, 0, k, k, n), fill(y, 0, k, n), none, // L⁻¹ of G's chosen rows, L, L⁻¹c, support
		enough,
	}, own...)
	out := loop(start, func(s []*Node) *Node {
		return LogicalAnd(s[1], LessThan(s[0], Const(s[0].Graph(), int32(k))))
	}, func(s []*Node) []*Node {
		i, energy, c, left, w, lower, beta, support, enough, d := s[0], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10]
		norms := left
		if !o.Recursive {
			norms = s[12]
		}
		one := Const(i.Graph(), int32(1))
		zero := Sub(one, one)
		index := choose(c, norms, left)
		var gram *Node // of the chosen atom and all, [atoms, n]
		if mask != nil {
			gram = MatMul(d, Mul(transpose(Gather(d, Reshape(index, n, 1))), s[11]))
		} else {
			gram = transpose(Gather(s[11], Reshape(index, n, 1)))
		}
		square := at(left, index)
		needs := LogicalAnd(GreaterThan(energy, enough), GreaterThan(square, number(c, smallest)))
		inverse := Div(ConvertDType(needs, c.DType()), Sqrt(Max(square, number(c, smallest))))
		h := make([]*Node, k)
		for j := range k {
			row := Reshape(Slice(w, AxisElem(j)), atoms, n)
			h[j] = at(row, index)
			gram = Sub(gram, Mul(h[j], row))
		}
		along, b := Mul(gram, inverse), Mul(at(c, index), inverse)
		set := func(into, v *Node) *Node {
			at := []*Node{i, zero, zero}[:into.Rank()]
			return DynamicUpdateSlice(into, Reshape(v, append([]int{1}, into.Shape().Dimensions[1:]...)...), at)
		}
		more := GreaterThan(total(ConvertDType(needs, c.DType())), number(c, 0))
		next := []*Node{
			Add(i, one), more, Sub(energy, Square(b)), Sub(c, Mul(along, b)), Sub(left, Square(along)),
			set(w, along), set(lower, set(Concatenate(h, 0), Sqrt(square))), set(beta, b), set(support, Where(needs, index, BroadcastToDims(Sub(zero, one), 1, n))),
		}
		return append(next, s[9:]...)
	})
	lower, beta, taken := out[6], out[7], out[8]
	rows := make([]*Node, k) // Lᵀa = L⁻¹c from the last atom to the first
	for j := k - 1; j >= 0; j-- {
		v := Slice(beta, AxisElem(j))
		for l := j + 1; l < k; l++ {
			v = Sub(v, Mul(Reshape(Slice(lower, AxisElem(l), AxisElem(j)), 1, n), rows[l]))
		}
		some := GreaterOrEqual(Slice(taken, AxisElem(j)), Const(g, int32(0)))
		length := Reshape(Slice(lower, AxisElem(j), AxisElem(j)), 1, n)
		rows[j] = Where(some, Div(v, Max(length, number(v, 1e-30))), fill(v, 0, 1, n))
	}
	return transpose(taken), transpose(Concatenate(rows, 0))
}

// smallest is the square of an atom's part beside the others taken below which it is not taken.
const smallest = 1e-5

// choose returns the atom whose correlation is largest in proportion to its norm, of those of which something is left, [1, n].
func choose(c, norms, left *Node) *Node {
	atoms, n := c.Shape().Dim(0), c.Shape().Dim(1)
	none := number(c, smallest)
	score := Mul(Div(Square(c), Max(norms, none)), ConvertDType(GreaterThan(left, none), c.DType()))
	numbers := Iota(c.Graph(), shapes.Make(dtypes.Float32, atoms, n), 0)
	first := colMax(Where(GreaterOrEqual(score, colMax(score)), Neg(numbers), fill(c, float64(-atoms), atoms, n)))
	return ConvertDType(Neg(first), dtypes.Int32)
}

// at is v [atoms, n] at one index for each column, [1, n].
func at(v, index *Node) *Node {
	n := v.Shape().Dim(1)
	columns := Iota(v.Graph(), shapes.Make(dtypes.Int32, n, 1), 0)
	return Reshape(Gather(v, Concatenate([]*Node{Reshape(index, n, 1), columns}, 1)), 1, n)
}

// Dense is the code as an array [signals, atoms].
func (c Code) Dense(atoms int) *Node {
	n, k := c.Support.Shape().Dim(0), c.Support.Shape().Dim(1)
	numbers := Iota(c.Support.Graph(), shapes.Make(dtypes.Int32, n, atoms), 1)
	out := fill(c.Coefficients, 0, n, atoms)
	for j := range k {
		here := Equal(numbers, Slice(c.Support, AxisRange(), AxisElem(j)))
		out = Add(out, Where(here, BroadcastToDims(Slice(c.Coefficients, AxisRange(), AxisElem(j)), n, atoms), fill(out, 0, n, atoms)))
	}
	return out
}
