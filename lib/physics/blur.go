package physics

import (
	"fmt"
	"math"
	"math/cmplx"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go
)

// Shape is the kind of a blur's kernel.
type Shape string

// The kernels. Each has an odd side and sums to 1.
const (
	Gaussian Shape = "Gaussian" // out of focus, roughly: exp(−r²/2σ²), cut at 4 σ as SciPy's gaussian_filter does
	Motion   Shape = "motion"   // a camera that moved along a line of Size pixels, as MATLAB's fspecial("motion") draws it
	Disc     Shape = "disc"     // a lens out of focus: the share of each pixel that a disc of radius Size covers
)

// Blur is a convolution (Ax)ᵢ = Σⱼ kⱼ xᵢ₋ⱼ. The picture goes round at its edges, or, if Valid, only those pixels are measured
// whose whole neighbourhood lies in the picture. There is no noise.
type Blur struct {
	plain
	Shape Shape
	Size  float64 // σ, length or radius, in pixels
	Angle float64 // of a motion, in degrees, anticlockwise from the right
	Valid bool
}

// Describe implements Operator.
func (b Blur) Describe() string {
	text := map[Shape]string{
		Gaussian: fmt.Sprintf("Gaussian blur of σ = %g pixels", b.Size),
		Motion:   fmt.Sprintf("motion blur of %g pixels at %g°", b.Size, b.Angle),
		Disc:     fmt.Sprintf("disc blur of radius %g pixels", b.Size),
	}[b.Shape]
	if b.Valid {
		return text + ", valid pixels only"
	}
	return text + ", circular"
}

// Kernel is the kernel, row-major, with its centre in the middle of side×side.
func (b Blur) Kernel() (k []float64, side int) {
	radius := map[Shape]int{
		Gaussian: int(4*b.Size + 0.5), Motion: int(math.Ceil((b.Size - 1) / 2)), Disc: int(math.Ceil(b.Size - 0.5)),
	}[b.Shape]
	side = 2*radius + 1
	k = make([]float64, side*side)
	sum := 0.0
	for i := range k {
		k[i] = b.weight(float64(i/side-radius), float64(i%side-radius))
		sum += k[i]
	}
	for i := range k {
		k[i] /= sum
	}
	return k, side
}

// weight is the kernel at (y, x), y growing downwards, up to a factor.
func (b Blur) weight(y, x float64) float64 {
	switch b.Shape {
	case Gaussian:
		return math.Exp(-(y*y + x*x) / (2 * b.Size * b.Size))
	case Motion: // 1 less the distance from the segment
		sin, cos := math.Sincos(b.Angle * math.Pi / 180)
		half := (b.Size - 1) / 2
		t := min(max(x*cos-y*sin, -half), half)
		return math.Max(0, 1-math.Hypot(x-t*cos, y+t*sin))
	default: // the length of the pixel's columns within the disc, by so many of them
		const columns = 256
		sum := 0.0
		for i := range columns {
			across := x + (float64(i)+0.5)/columns - 0.5
			half := math.Sqrt(math.Max(0, b.Size*b.Size-across*across))
			sum += math.Max(0, math.Min(y+0.5, half)-math.Max(y-0.5, -half))
		}
		return sum
	}
}

// Response implements Convolution: the kernel's discrete Fourier transform, its centre at the origin.
func (b Blur) Response(height, width int) (re, im []float64) {
	k, side := b.Kernel()
	radius, half := side/2, width/2+1
	wave := func(at, of int) complex128 { return cmplx.Rect(1, -2*math.Pi*float64(at%of)/float64(of)) }
	rows := make([]complex128, side*half) // each row of the kernel, transformed
	for i := range rows {
		for j := range side {
			rows[i] += complex(k[i/half*side+j], 0) * wave((j-radius)*(i%half), width)
		}
	}
	re, im = make([]float64, height*half), make([]float64, height*half)
	for v := range height {
		for i := range side {
			turn := wave((i-radius)*v, height)
			for u := range half {
				z := rows[i*half+u] * turn
				re[v*half+u] += real(z)
				im[v*half+u] += imag(z)
			}
		}
	}
	return re, im
}

// Forward implements Operator: [n, h, w, c] stays, or loses the kernel's side less one, if Valid.
func (b Blur) Forward(x, _ *Node) *Node {
	y := b.circular(x, 1)
	if !b.Valid {
		return y
	}
	_, side := b.Kernel()
	d := x.Shape().Dimensions
	if d[1] < side || d[2] < side {
		panic(fmt.Errorf("physics: a picture of %d×%d has no valid pixel under a kernel of %d×%d; use larger pictures or a smaller blur",
			d[2], d[1], side, side))
	}
	return Slice(y, AxisRange(), AxisRange(side/2, d[1]-side/2), AxisRange(side/2, d[2]-side/2))
}

// Adjoint implements Operator.
func (b Blur) Adjoint(y, _ *Node) *Node {
	if b.Valid {
		_, side := b.Kernel()
		y = surround(y, side/2, func(edge *Node) *Node { return ZerosLike(edge) })
	}
	return b.circular(y, -1)
}

// Start implements Starter: the measurement, its edges repeated where it is smaller.
func (b Blur) Start(y, _ *Node) *Node {
	if !b.Valid {
		return y
	}
	_, side := b.Kernel()
	return surround(y, side/2, func(edge *Node) *Node { return edge })
}

// surround lengthens y by n pixels on each side, each made from the pixels at the edge.
func surround(y *Node, n int, what func(edge *Node) *Node) *Node {
	for axis := 1; axis <= 2 && n > 0; axis++ {
		ranges := make([]SliceAxisSpec, 4)
		for i := range ranges {
			ranges[i] = AxisRange()
		}
		dims := append([]int(nil), y.Shape().Dimensions...)
		dims[axis] = n
		edge := func(at int) *Node {
			ranges[axis] = AxisRange(at, at+1)
			return what(BroadcastToDims(Slice(y, ranges...), dims...))
		}
		y = Concatenate([]*Node{edge(0), y, edge(y.Shape().Dim(axis) - 1)}, axis)
	}
	return y
}

// circular convolves with the kernel, or with the kernel turned about if sign is −1.
func (b Blur) circular(x *Node, sign float64) *Node {
	d := x.Shape().Dimensions
	re, im := b.Response(d[1], d[2])
	for i := range im {
		im[i] *= sign
	}
	constant := func(v []float64) *Node { return Reshape(matrix(x, v, d[1], d[2]/2+1), 1, 1, d[1], d[2]/2+1) }
	y := Filter(x, constant(re), constant(im))
	// GoMLX's gradient of an FFT is that of one axis: the gradient is attached to a zero instead, and is the adjoint.
	zero := Sub(IdentityWithCustomGradient(x, func(_, v *Node) *Node { return b.circular(v, -sign) }), StopGradient(x))
	return Add(StopGradient(y), zero)
}

// Filter multiplies the spectrum of each channel of x [n, h, w, c] by re + i·im, each [n or 1, c or 1, h, w/2+1], laid out as Convolution's
// Response is. It has no gradient.
func Filter(x, re, im *Node) *Node {
	d := x.Shape().Dimensions
	spectrum := RealFFT(TransposeAllAxes(x, 0, 3, 1, 2), d[1], d[2])
	spectrum = Mul(spectrum, BroadcastToShape(Complex(re, im), spectrum.Shape()))
	return TransposeAllAxes(InverseRealFFT(spectrum, d[1], d[2]), 0, 2, 3, 1)
}
