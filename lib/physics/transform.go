package physics

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// Fourier measures a share of a picture's Fourier coefficients, as magnetic resonance does. Which, is drawn for each picture: low frequencies
// are measured more often, with a probability proportional to (1 − r)⁴ and at most 1, r being the frequency as a share of the largest (Lustig,
// Donoho & Pauly 2007, Sparse MRI, Magn. Reson. Med. 58(6)). A picture is real, so the coefficients at f and −f tell the same; they are
// measured together, and written as the two real values (Re ∓ Im)/√(hw) of the Hartley transform T, which is orthonormal:
//
//	Ax = m ∘ Tx,  T = Tᵀ = T⁻¹
//
// aux is m, in all channels at once. There is no noise.
type Fourier struct {
	plain
	coded
	Share float64
}

// Describe implements Operator.
func (f Fourier) Describe() string {
	return fmt.Sprintf("%g %% of the Fourier coefficients, at random, low ones more often", f.Share*100)
}

// Forward implements Operator.
func (f Fourier) Forward(x, mask *Node) *Node { return Mul(hartley(x), mask) }

// Adjoint implements Operator.
func (f Fourier) Adjoint(y, mask *Node) *Node { return hartley(Mul(y, mask)) }

// hartley is T. GoMLX's gradient of an FFT is that of one axis: it is attached to a zero instead, and is T.
func hartley(x *Node) *Node {
	d := x.Shape().Dimensions
	planes := TransposeAllAxes(x, 0, 3, 1, 2)
	spectrum := FFT(Complex(planes, Mul(planes, BroadcastToShape(Const(x.Graph(), float32(0)), planes.Shape()))), d[1], d[2])
	y := Mul(Sub(Real(spectrum), Imag(spectrum)), Const(x.Graph(), float32(1/math.Sqrt(float64(d[1]*d[2])))))
	y = TransposeAllAxes(y, 0, 2, 3, 1)
	zero := Sub(IdentityWithCustomGradient(x, func(_, v *Node) *Node { return hartley(v) }), StopGradient(x))
	return Add(StopGradient(y), zero)
}

// density is the probability that each coefficient is measured, [height, width]; its mean is Share.
func (f Fourier) density(height, width int) []float64 {
	shape, p := make([]float64, height*width), make([]float64, height*width)
	cycles := func(k, n int) float64 { return float64(min(k, n-k)) / float64(n) }
	for i := range shape {
		r := math.Hypot(cycles(i/width, height), cycles(i%width, width)) * math.Sqrt2
		shape[i] = math.Pow(1-r, 4) + 1e-6
	}
	low, high := -20.0, 40.0 // of the factor's logarithm
	for range 60 {
		a, mean := (low+high)/2, 0.0
		for i, v := range shape {
			p[i] = math.Min(1, math.Exp(a)*v)
			mean += p[i] / float64(len(p))
		}
		if mean < f.Share {
			low = a
		} else {
			high = a
		}
	}
	return p
}

// Aux implements Operator.
func (f Fourier) Aux(r *rand.Rand, height, width, channels int) []float32 {
	p := f.density(height, width)
	kept := make([]bool, height*width)
	for i := range kept {
		other := (height-i/width)%height*width + (width-i%width)%width
		if other < i {
			kept[i] = kept[other]
		} else {
			kept[i] = r.Float64() < p[i]
		}
	}
	return perPixel(height, width, channels, func(y, x int) bool { return kept[y*width+x] })
}

// DrawAux implements Operator. The lesser of two uniform numbers, one for f and one for −f, is below t with probability 1 − (1 − t)².
func (f Fourier) DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node {
	h, w := shape.Dimensions[1], shape.Dimensions[2]
	p := f.density(h, w)
	for i := range p {
		if alone := 2*(i/w)%h == 0 && 2*(i%w)%w == 0; !alone { // f and −f are not the same
			p[i] = 1 - math.Sqrt(1-p[i])
		}
	}
	u := s.RandomUniform(g, oneChannel(shape))
	other := u
	for axis := 1; axis <= 2; axis++ {
		if n := u.Shape().Dim(axis); n > 1 {
			ranges := []SliceAxisSpec{AxisRange(), AxisRange(), AxisRange(), AxisRange()}
			ranges[axis] = AxisRange(0, 1)
			first := Slice(other, ranges...)
			ranges[axis] = AxisRange(1, n)
			other = Concatenate([]*Node{first, Reverse(Slice(other, ranges...), axis)}, axis)
		}
	}
	return seen(LessThan(Min(u, other), Reshape(matrix(u, p, h, w), 1, h, w, 1)), shape)
}

// Hadamard measures a share of the Walsh–Hadamard coefficients of each block of Side×Side pixels, as a single-pixel camera does (Duarte et al.
// 2008, IEEE Signal Process. Mag. 25(2)): the block's mean always, the others at random, each equally likely, for each picture anew. T is
// orthonormal, with the signs (−1)^popcount(i∧j):
//
//	Ax = m ∘ Tx,  T = Tᵀ = T⁻¹
//
// aux is m, in all channels at once. The picture's sides must be multiples of Side, a power of two. There is no noise.
type Hadamard struct {
	plain
	coded
	Share float64
	Side  int
}

// Describe implements Operator.
func (f Hadamard) Describe() string {
	return fmt.Sprintf("%g %% of the Hadamard coefficients of blocks of %d×%d pixels, at random", f.Share*100, f.Side, f.Side)
}

// Multiple implements Multipler.
func (f Hadamard) Multiple() int { return f.Side }

// Forward implements Operator.
func (f Hadamard) Forward(x, mask *Node) *Node { return Mul(f.transform(x), mask) }

// Adjoint implements Operator.
func (f Hadamard) Adjoint(y, mask *Node) *Node { return f.transform(Mul(y, mask)) }

// transform is T, the coefficients of a block lying where it lay.
func (f Hadamard) transform(x *Node) *Node {
	requireBlocks(f, x, f.Side)
	d, n := x.Shape().Dimensions, f.Side
	signs := make([]float64, n*n)
	for i := range signs {
		signs[i] = math.Sqrt(1/float64(n)) * float64(1-2*(bits.OnesCount(uint(i/n&(i%n)))%2))
	}
	t := matrix(x, signs, n, n)
	x = Reshape(x, d[0], d[1]/n, n, d[2]/n, n, d[3])
	x = Einsum("ij,nrjklc->nriklc", t, x)
	return Reshape(Einsum("ml,nriklc->nrikmc", t, x), d...)
}

// others is the probability of a coefficient that is no mean.
func (f Hadamard) others() float64 {
	n := float64(f.Side * f.Side)
	return math.Max(0, (f.Share*n-1)/(n-1))
}

// Aux implements Operator.
func (f Hadamard) Aux(r *rand.Rand, height, width, channels int) []float32 {
	p := f.others()
	return perPixel(height, width, channels, func(y, x int) bool {
		return r.Float64() < p || y%f.Side == 0 && x%f.Side == 0
	})
}

// DrawAux implements Operator.
func (f Hadamard) DrawAux(s *model.Scope, g *Graph, shape shapes.Shape) *Node {
	one := oneChannel(shape)
	kept := LessThan(s.RandomUniform(g, one), Scalar(g, shape.DType, f.others()))
	first := func(axis int) *Node { // of its block
		at := Iota(g, one, axis)
		return LessThan(Sub(at, MulScalar(Floor(MulScalar(AddScalar(at, 0.5), 1/float64(f.Side))), float64(f.Side))), Scalar(g, shape.DType, 0.5))
	}
	return seen(LogicalOr(kept, LogicalAnd(first(1), first(2))), shape)
}
