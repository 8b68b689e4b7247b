package sparse

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go
)

// Descent is cyclic coordinate descent with covariance updates (Friedman, Hastie & Tibshirani 2010) on all signals in step. Blocks of
// atoms take their correlations with the residual from one matrix product and correct them for one another by the block's Gram matrix, so
// that each atom's step is the exact minimisation, as if they came one by one. With a mask, whose Gram matrix is another for each signal,
// they do. With groups a block is a group, and its step is proximal.
func Descent(p Lasso, tolerance float64, iterations int) Solution {
	p = p.columns()
	atoms := p.D.Shape().Dim(0)
	width := max(p.Group, 1)
	if p.Group == 0 && p.Mask == nil {
		for w := 2; w <= 16; w++ {
			if atoms%w == 0 {
				width = w
			}
		}
	}
	return p.solve(tolerance, iterations, 1, nil, []*Node{p.start()}, func(p Lasso, _, s []*Node) []*Node {
		return []*Node{p.sweep(s[0], width)}
	})
}

// sweep goes once over all atoms, in blocks.
func (p Lasso) sweep(a *Node, width int) *Node {
	r := p.residual(a)
	var parts []*Node
	for from := 0; from < a.Shape().Dim(0); from += width {
		block := p
		block.D = Slice(p.D, AxisRange(from, from+width))
		if w := p.Weights; w != nil && w.Shape().Dim(0) > 1 {
			if p.Group > 0 {
				block.Weights = Slice(w, AxisElem(from/width))
			} else {
				block.Weights = Slice(w, AxisRange(from, from+width))
			}
		}
		before := Slice(a, AxisRange(from, from+width))
		move := block.move(before, MatMul(block.D, r))
		fit := MatMul(transpose(block.D), move)
		if p.Mask != nil {
			fit = Mul(fit, p.Mask)
		}
		r = Sub(r, fit)
		parts = append(parts, Add(before, move))
	}
	return Concatenate(parts, 0)
}

// move is how far the atoms of a block go, from a and their correlations c with the residual, both [width, signals].
func (p Lasso) move(a, c *Node) *Node {
	width := a.Shape().Dim(0)
	gram, tiny := MatMul(p.D, transpose(p.D)), number(a, 1e-30)
	if p.Group > 0 {
		l := Max(Sqrt(total(colSum(Square(gram)))), tiny) // at least the largest eigenvalue, of any mask
		return Sub(p.shrink(Add(a, Div(c, l)), Div(number(a, p.Lambda), l)), a)
	}
	var moves []*Node
	for j := range width {
		q := p
		if p.Weights != nil && p.Weights.Shape().Dim(0) > 1 {
			q.Weights = Slice(p.Weights, AxisElem(j))
		}
		norm := Slice(gram, AxisElem(j), AxisElem(j))
		if p.Mask != nil {
			norm = MatMul(Square(p.D), p.Mask) // the width is 1
		}
		before := Slice(a, AxisElem(j))
		v := Add(Mul(before, norm), Slice(c, AxisRange(0, 1)))
		next := Div(q.shrink(v, number(a, p.Lambda)), Max(norm, tiny))
		move := Mul(Sub(next, before), ConvertDType(GreaterThan(norm, tiny), a.DType()))
		moves = append(moves, move)
		if j+1 < width {
			c = Sub(Slice(c, AxisRange(1)), Mul(Slice(gram, AxisRange(j+1), AxisElem(j)), move))
		}
	}
	return Concatenate(moves, 0)
}
