package methods

import (
	"fmt"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/gomlx/core/tensors"
)

// Wiener is the linear filter of the least mean square error (Wiener 1949). A circular blur with transfer function H is undone in the Fourier
// domain,
//
//	X̂ = H̄ Y / (|H|² + σ²/S),  S(f) ∝ 1/|f|²,
//
// S being the spectrum that natural pictures have (Field 1987, J. Opt. Soc. Am. A 4(12)), with the measurement's variance less the noise's.
// Noise alone is taken away by the local form (Lee 1980, IEEE PAMI 2(2)), with the mean μ and variance v of the window around each pixel:
//
//	x̂ = μ + max(v − σ², 0) / max(v, σ²) · (y − μ)
type Wiener struct {
	Posed
	Window int `default:"5" range:"3:31" help:"side of the window of the local form, odd"`
}

// Pose implements Method.
func (m *Wiener) Pose(p Problem) error {
	if err := odd("wiener", "window", m.Window); err != nil {
		return err
	}
	if !onlyNoise(p.Operator) && response(p.Operator) == nil {
		return fmt.Errorf("wiener: %s is neither noise nor a circular blur; use tv", p.Operator.Describe())
	}
	return m.Posed.Pose(p)
}

// Restore implements Restorer.
func (m *Wiener) Restore(_ *Scope, y, _ *Node) *Node {
	op := m.problem.Operator
	if blur := response(op); blur != nil {
		return inverse(y, blur, Max(physics.Level(op, y), Scalar(y.Graph(), y.DType(), 0.5/255)))
	}
	variance := Square(physics.Level(op, y))
	var sum, squares *Node
	for _, v := range windows("wiener", y, m.Window) {
		if sum == nil {
			sum, squares = v, Square(v)
		} else {
			sum, squares = Add(sum, v), Add(squares, Square(v))
		}
	}
	share := 1 / float64(m.Window*m.Window)
	mean := MulScalar(sum, share)
	local := Sub(MulScalar(squares, share), Square(mean))
	keep := Div(MaxScalar(Sub(local, variance), 0), MaxScalar(Max(local, variance), 1e-12))
	return Add(mean, Mul(keep, Sub(y, mean)))
}

// Reach implements Local: a blur is undone in the whole picture.
func (m *Wiener) Reach() int {
	if response(m.problem.Operator) != nil || ownLevel(m.problem.Operator) {
		return -1
	}
	return m.Window / 2
}

// response is the operator's transfer function, or nil if it is no circular blur.
func response(op physics.Operator) physics.Convolution {
	c, ok := physics.As[physics.Convolution](op)
	if !ok {
		return nil
	}
	if b, ok := c.(physics.Blur); ok && b.Valid {
		return nil
	}
	return c
}

// inverse is the filter in the Fourier domain for noise of deviation sigma [n, 1, 1, 1].
func inverse(y *Node, blur physics.Convolution, sigma *Node) *Node {
	d := y.Shape().Dimensions
	h, w := d[1], d[2]
	re, im := blur.Response(h, w)
	square := make([]float64, len(re)) // |f|²
	meanInverse := 0.0                 // of 1/|f|² over all frequencies but 0
	cycles := func(k, n int) float64 { return float64(min(k, n-k)) / float64(n) }
	for v := range h {
		for u := range w {
			f2 := cycles(v, h)*cycles(v, h) + cycles(u, w)*cycles(u, w)
			if f2 > 0 {
				meanInverse += 1 / f2 / float64(h*w)
			}
			if u <= w/2 {
				square[v*(w/2+1)+u] = f2
			}
		}
	}
	constant := func(values []float64) *Node {
		return ConstTensor(y.Graph(), tensors.FromFlatDataAndDimensions(single(values), 1, 1, h, w/2+1))
	}
	mean := ReduceAndKeep(y, ReduceMean, 1, 2, 3)
	noise := Square(sigma)
	signal := Sub(ReduceAndKeep(Square(Sub(y, mean)), ReduceMean, 1, 2, 3), noise)
	ratio := Div(noise, Max(signal, MulScalar(noise, 1e-3)))
	below := Mul(constant(square), MulScalar(ratio, meanInverse)) // σ²/S
	a, b := constant(re), constant(im)
	below = Add(below, Add(Square(a), Square(b)))
	below = MaxScalar(below, 1e-12)
	return physics.Filter(y, Div(a, below), Div(Neg(b), below))
}
