package sparse

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go
)

// Convolutional is convolutional sparse coding, min over x of ½‖m∘(y − Σₖ dₖ∗xₖ)‖² + λ Σₖ‖xₖ‖₁ for many pictures at once, the convolutions going round
// at the pictures' edges. It is a Lasso whose atoms are the filters at all places; a mask that is zero at the edges makes it one whose filters
// may reach beyond them.
type Convolutional struct {
	Y      *Node // [pictures, height, width]
	D      *Node // [filters, side, side], the first value of a filter lying at its place
	Mask   *Node // m: zeros and ones, like Y; nil sees everything
	Lambda float64
}

// ADMM solves by the alternating direction method of multipliers in the Fourier domain: as ADMM for a Lasso it alternates between proximal
// steps, of the penalty in x and of the misfit in u, and the projection of both onto {u = Σₖ dₖ∗xₖ}, so that a mask costs nothing (Heide, Heidrich
// & Wetzstein 2015, Fast and flexible convolutional sparse coding, CVPR). Of the projection's equations each frequency has its own, of rank one,
// which the formula of Sherman and Morrison solves (Wohlberg 2014, Efficient convolutional sparse coding, ICASSP):
//
//	x̂ₖ = p̂ₖ + conj(d̂ₖ) e,  e = (q̂ − Σₖ d̂ₖp̂ₖ)/(1 + Σₖ|d̂ₖ|²)
//
// The solution's A is [pictures, filters, height, width]; Objective, Gap and KKT are those of the Lasso.
func (p Convolutional) ADMM(tolerance float64, iterations int) Solution {
	p.check()
	g, y := p.Y.Graph(), p.Y.Shape().Dimensions
	n, filters, h, w := y[0], p.D.Shape().Dim(0), y[1], y[2]
	if p.Mask == nil {
		p.Mask = fill(p.Y, 1, y...)
	}
	p.Y = Mul(p.Y, p.Mask)
	re, im := spectra(p.D, h, w)
	limit := Mul(half(sums(Square(p.Y))), number(p.Y, tolerance)) // [n, 1]
	code := func() *Node { return fill(p.Y, 0, n, filters, h, w) }
	picture := func() *Node { return fill(p.Y, 0, n, 1, h, w) }
	start := []*Node{
		Const(g, int32(0)), number(p.Y, 1), total(transpose(limit)),
		code(), code(), picture(), code(), picture(), fill(p.Y, 1, n, 1, 1, 1), // sparse x, x, u, duals of both, ρ
		p.Y, p.Mask, re, im,
	}
	out := loop(start, func(s []*Node) *Node {
		return LogicalAnd(LessThan(s[0], Const(s[0].Graph(), int32(iterations))), LogicalOr(GreaterThan(s[1], s[2]), Equal(s[0], Const(s[0].Graph(), int32(0)))))
	}, func(s []*Node) []*Node {
		x, u, dx, du, rho := s[4], s[5], s[6], s[7], s[8]
		q := p
		q.Y, q.Mask = s[9], s[10]
		f := bank{s[11], s[12]}
		var thin *Node
		seen, measured := Reshape(q.Mask, n, 1, h, w), Reshape(q.Y, n, 1, h, w)
		for range checkEvery {
			thin = shrinkBy(Sub(x, dx), Div(number(x, p.Lambda), rho))
			fit := Div(Add(measured, Mul(rho, Sub(u, du))), Add(seen, rho))
			mix := func(half, before *Node) *Node { return Add(Mul(half, number(x, 1.6)), Mul(before, number(x, -0.6))) }
			rx, ru := Add(mix(thin, x), dx), Add(mix(fit, u), du)
			xn, un := f.project(rx, ru)
			primal := Add(squares(Sub(thin, xn)), squares(Sub(fit, un)))
			dual := Mul(Square(rho), Add(squares(Sub(xn, x)), squares(Sub(un, u))))
			x, u, dx, du = xn, un, Sub(rx, xn), Sub(ru, un)
			up := ConvertDType(GreaterThan(primal, Mul(dual, number(x, 100))), x.DType())
			down := ConvertDType(GreaterThan(dual, Mul(primal, number(x, 100))), x.DType())
			change := Sub(Add(number(x, 1), up), Mul(down, number(x, 0.5))) // 2, ½ or 1
			dx, du, rho = Div(dx, change), Div(du, change), Mul(rho, change)
		}
		_, gap, _ := q.certify(f, thin)
		return append([]*Node{Add(s[0], Const(s[0].Graph(), int32(checkEvery))), total(transpose(gap)), s[2], thin, x, u, dx, du, rho}, s[9:]...)
	})
	objective, gap, kkt := p.certify(bank{re, im}, out[3])
	return Solution{A: out[3], Objective: Reshape(objective, -1), Gap: Reshape(gap, -1), KKT: Reshape(kkt, -1), Iterations: out[0]}
}

// Sum is Σₖ dₖ∗xₖ [pictures, height, width] of codes x.
func (p Convolutional) Sum(x *Node) *Node {
	d := x.Shape().Dimensions
	re, im := spectra(p.D, d[2], d[3])
	return Reshape(bank{re, im}.sum(x), d[0], d[2], d[3])
}

// Learn makes the filters better for codes x [pictures, filters, height, width] by so many steps of projected gradient descent with momentum (Nesterov
// 1983), in the Fourier domain, on ½Σ‖m∘(y − Σₖ dₖ∗xₖ)‖² over filters whose length is at most 1. The step is 1/L, with L the largest over all frequencies
// of Σ|x̂ₖ|², which is never below the largest eigenvalue.
func (p Convolutional) Learn(x *Node, steps int) *Node {
	p.check()
	d := x.Shape().Dimensions
	n, h, w, side := d[0], d[2], d[3], p.D.Shape().Dim(1)
	spectrum := RealFFT(x, h, w)
	xr, xi := Real(spectrum), Imag(spectrum)
	l := MaxScalar(ReduceAllMax(ReduceSum(Add(Square(xr), Square(xi)), 0, 1)), 1e-12)
	now, ahead := p.D, p.D
	for k := range steps {
		q := p
		q.D = ahead
		r := Sub(p.Y, q.Sum(x))
		if p.Mask != nil {
			r = Mul(r, p.Mask)
		}
		of := RealFFT(Reshape(r, n, 1, h, w), h, w)
		rr, ri := Real(of), Imag(of)
		back := Complex(ReduceSum(Add(Mul(xr, rr), Mul(xi, ri)), 0), ReduceSum(Sub(Mul(xr, ri), Mul(xi, rr)), 0)) // conj(x̂)·r̂
		ascent := Slice(InverseRealFFT(back, h, w), AxisRange(), AxisRange(0, side), AxisRange(0, side))
		next := Add(ahead, Div(ascent, l))
		length := Sqrt(ReduceAndKeep(Square(next), ReduceSum, 1, 2))
		next = Div(next, MaxScalar(length, 1))
		ahead = Add(next, MulScalar(Sub(next, now), float64(k)/float64(k+3)))
		now = next
	}
	return now
}

func (p Convolutional) check() {
	y, d := p.Y.Shape().Dimensions, p.D.Shape().Dimensions
	switch {
	case p.Lambda < 0:
		panic(fmt.Errorf("sparse: λ = %g; it must be at least 0", p.Lambda))
	case y[1] < d[1] || y[2] < d[2]:
		panic(fmt.Errorf("sparse: pictures of %d×%d are smaller than the filters of %d×%d; use smaller filters", y[2], y[1], d[2], d[1]))
	}
}

// certify is as that of a Lasso, each [pictures, 1].
func (p Convolutional) certify(f bank, x *Node) (objective, gap, kkt *Node) {
	d := x.Shape().Dimensions
	r := Mul(Reshape(p.Mask, d[0], 1, d[2], d[3]), Sub(Reshape(p.Y, d[0], 1, d[2], d[3]), f.sum(x)))
	c := f.correlate(r)
	one, lambda := number(x, 1), number(x, p.Lambda)
	s := Min(one, Div(lambda, Max(largestOf(Abs(c)), number(x, 1e-30))))
	energy, penalty := half(sums(r, r)), Mul(Abs(x), lambda)
	slack := Sub(penalty, Mul(Reshape(s, d[0], 1, 1, 1), Mul(c, x)))
	gap = Add(Mul(Square(Sub(one, s)), energy), sums(Max(slack, number(x, 0))))
	kkt = largestOf(Abs(Sub(x, shrinkBy(Add(x, c), lambda))))
	return Add(energy, sums(penalty)), gap, kkt
}

// bank is the filters' spectra, real and imaginary, [1, filters, height, width/2+1].
type bank struct{ re, im *Node }

// spectra are those of filters [filters, side, side] in pictures of h×w.
func spectra(d *Node, h, w int) (re, im *Node) {
	n, side := d.Shape().Dim(0), d.Shape().Dimensions
	wide := Concatenate([]*Node{d, fill(d, 0, n, side[1], w-side[2]+1)}, 2) // one column more, since an axis of size 0 is none
	wide = Slice(wide, AxisRange(), AxisRange(), AxisRange(0, w))
	wide = Concatenate([]*Node{wide, fill(d, 0, n, h-side[1]+1, w)}, 1)
	wide = Slice(wide, AxisRange(), AxisRange(0, h))
	of := RealFFT(Reshape(wide, 1, n, h, w), h, w)
	return Real(of), Imag(of)
}

// transformed is RealFFT's real and imaginary part, and back.
func transformed(x *Node) (re, im *Node) {
	d := x.Shape().Dimensions
	of := RealFFT(x, d[2], d[3])
	return Real(of), Imag(of)
}

func back(re, im *Node, w int) *Node {
	return InverseRealFFT(Complex(re, im), re.Shape().Dim(2), w)
}

// times is Σₖ d̂ₖ x̂ₖ of spectra, [pictures, 1, height, width/2+1].
func (f bank) times(re, im *Node) (r, i *Node) {
	return sumFilters(Sub(Mul(f.re, re), Mul(f.im, im))), sumFilters(Add(Mul(f.re, im), Mul(f.im, re)))
}

// sum is Σₖ dₖ∗xₖ, [pictures, 1, height, width].
func (f bank) sum(x *Node) *Node {
	re, im := f.times(transformed(x))
	return back(re, im, x.Shape().Dim(3))
}

// correlate is its adjoint: pictures [pictures, 1, height, width] with each filter.
func (f bank) correlate(r *Node) *Node {
	re, im := transformed(r)
	return back(Add(Mul(f.re, re), Mul(f.im, im)), Sub(Mul(f.re, im), Mul(f.im, re)), r.Shape().Dim(3))
}

// project brings codes p and pictures q to the nearest x and u for which u = Σₖ dₖ∗xₖ.
func (f bank) project(p, q *Node) (x, u *Node) {
	pr, pi := transformed(p)
	sr, si := f.times(pr, pi)
	qr, qi := transformed(q)
	power := sumFilters(Add(Square(f.re), Square(f.im)))
	below := Add(power, number(p, 1))
	er, ei := Div(Sub(qr, sr), below), Div(Sub(qi, si), below)
	w := p.Shape().Dim(3)
	x = Add(p, back(Add(Mul(f.re, er), Mul(f.im, ei)), Sub(Mul(f.re, ei), Mul(f.im, er)), w))
	return x, back(Add(sr, Mul(power, er)), Add(si, Mul(power, ei)), w)
}

// shrinkBy is the soft threshold.
func shrinkBy(v, t *Node) *Node {
	above := ConvertDType(GreaterThan(Abs(v), t), v.DType())
	return Mul(Sub(v, Max(Min(v, t), Neg(t))), above)
}

// sumFilters is the sum over the second axis of v [n, filters, h, w], [n, 1, h, w], by halving: see colSum.
func sumFilters(v *Node) *Node {
	for k := v.Shape().Dim(1); k > 1; k = v.Shape().Dim(1) {
		h := k / 2
		sum := Add(Slice(v, AxisRange(), AxisRange(0, h)), Slice(v, AxisRange(), AxisRange(h, 2*h)))
		if k%2 == 1 {
			last := Slice(v, AxisRange(), AxisRange(k-1, k))
			if h == 1 {
				sum = Add(sum, last)
			} else {
				sum = Concatenate([]*Node{sum, last}, 1)
			}
		}
		v = sum
	}
	return v
}

// sums are those of all but the first axis of v, or of the product of two, [n, 1]: a product with ones.
func sums(v ...*Node) *Node {
	product := v[0]
	for _, o := range v[1:] {
		product = Mul(product, o)
	}
	n := product.Shape().Dim(0)
	flat := Reshape(product, n, -1)
	return MatMul(flat, fill(flat, 1, flat.Shape().Dim(1), 1))
}

// squares is the squared length of each, [n, 1, 1, 1].
func squares(v *Node) *Node { return Reshape(sums(Square(v)), -1, 1, 1, 1) }

// largestOf is the largest of all but the first axis, [n, 1].
func largestOf(v *Node) *Node {
	return transpose(colMax(transpose(Reshape(v, v.Shape().Dim(0), -1))))
}
