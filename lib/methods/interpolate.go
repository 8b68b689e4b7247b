package methods

import (
	"fmt"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/shapes"
)

// Interpolation fills in missing pixels by normalised convolution (Knutsson & Westin 1993, Normalized and differential convolution, CVPR): each
// is the mean of the pixels that were seen around it, weighted by a tent of as small a radius r as finds any,
//
//	x̂ = (t ∗ my) / (t ∗ m),  t(d) = max(0, 1 − |d₁|/r)·max(0, 1 − |d₂|/r)
//
// with r = 2, 4, 8, … The seen pixels stay as they are. Of pixels on a grid this is bilinear interpolation.
type Interpolation struct{ Posed }

// Pose implements Method.
func (m *Interpolation) Pose(p Problem) error {
	if _, ok := physics.As[physics.Pixelwise](p.Operator); p.Operator != nil && (!ok || onlyNoise(p.Operator)) {
		return fmt.Errorf("interpolate: in %s no pixel is missing that could be interpolated; use tv", p.Operator.Describe())
	}
	return m.Posed.Pose(p)
}

// Restore implements Restorer.
func (m *Interpolation) Restore(_ *Scope, y, aux *Node) *Node {
	return whole(m.problem.Operator, y, aux)
}

// interpolate fills in what the mask, [n, h, w, c] of 0 and 1, hides of y.
func interpolate(y, mask *Node) *Node {
	d := y.Shape().Dimensions
	filled, have := Mul(y, mask), mask
	for r := 2; ; r *= 2 {
		weight := tent(mask, r)
		mean := Div(tent(Mul(y, mask), r), MaxScalar(weight, 1e-6))
		found := ConvertDType(GreaterThan(weight, Scalar(y.Graph(), y.DType(), 1e-4)), y.DType())
		fresh := Mul(found, OneMinus(have))
		filled, have = Add(filled, Mul(fresh, mean)), Add(have, fresh)
		if r >= max(d[1], d[2]) {
			return filled
		}
	}
}

// tent convolves each channel of x with a tent of radius r; beyond the edges x is 0. The tent is a product, so rows and columns are done one
// after the other, as a matrix product each.
func tent(x *Node, r int) *Node {
	x = Einsum("nhwc,hi->niwc", x, band(x, x.Shape().Dim(1), r))
	return Einsum("nhwc,wj->nhjc", x, band(x, x.Shape().Dim(2), r))
}

// band is the matrix [n, n] of 1 − |i − j|/r, at least 0. It is computed in the program, whose text would be megabytes of constants otherwise.
func band(x *Node, n, r int) *Node {
	shape := shapes.Make(x.DType(), n, n)
	apart := Abs(Sub(Iota(x.Graph(), shape, 0), Iota(x.Graph(), shape, 1)))
	return MaxScalar(OneMinus(MulScalar(apart, 1/float64(r))), 0)
}
