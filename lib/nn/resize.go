package nn

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Interpolation is a resampling kernel.
type Interpolation string

// The interpolations.
const (
	Nearest  Interpolation = "nearest"
	Bilinear Interpolation = "bilinear"
	Bicubic  Interpolation = "bicubic" // Keys 1981 with a = −1/2, as MATLAB's imresize has it
)

// Resize resamples images [batch, h, w, channels] to height×width. The centres of pixels are at half-integers, and beyond the edges the
// image is mirrored, as MATLAB's imresize does it. antialias widens the kernel when the image becomes smaller, so that it averages. It
// is linear, two products with small matrices, and so differentiable as often as one likes.
func Resize(x *Node, height, width int, kind Interpolation, antialias bool) *Node {
	b := block{"Resize", nil}
	b.image(x)
	b.atLeast("height", height, 1)
	b.atLeast("width", width, 1)
	b.known(kind)
	d := x.Shape().Dimensions
	return along2(x, ResizeMatrix(d[1], height, kind, antialias), ResizeMatrix(d[2], width, kind, antialias))
}

// along2 multiplies the rows and the columns of images by two matrices [to, from], row-major.
func along2(x *Node, rows, columns []float64) *Node {
	d := x.Shape().Dimensions
	return Resample(x, constant(x, rows, len(rows)/d[1], d[1]), constant(x, columns, len(columns)/d[2], d[2]))
}

// Resample multiplies the rows and the columns of images [batch, h, w, channels] by two matrices, [to, h] and [to, w], such as those of ResizeMatrix
// and ZoomMatrix.
func Resample(x, rows, columns *Node) *Node {
	b := block{"Resample", nil}
	b.image(x)
	for axis, m := range []*Node{rows, columns} {
		if n := x.Shape().Dim(1 + axis); m.Rank() != 2 || m.Shape().Dim(1) != n || m.DType() != x.DType() {
			b.fail("the matrix of the %s is %s for images %s; give one of type %s with %d columns",
				[]string{"rows", "columns"}[axis], m.Shape(), x.Shape(), x.DType(), n)
		}
	}
	return Einsum("ow,bhwc->bhoc", columns, Einsum("oh,bhwc->bowc", rows, x))
}

// Upsample resizes images to factor times their size.
func Upsample(x *Node, factor int, kind Interpolation) *Node {
	b := block{"Upsample", nil}
	b.image(x)
	b.atLeast("factor", factor, 1)
	b.known(kind)
	if kind == Nearest {
		return repeated(x, factor)
	}
	return Resize(x, x.Shape().Dim(1)*factor, x.Shape().Dim(2)*factor, kind, false)
}

// repeated writes each pixel factor×factor times.
func repeated(x *Node, factor int) *Node {
	d := x.Shape().Dimensions
	x = Reshape(x, d[0], d[1], 1, d[2], 1, d[3])
	x = BroadcastToDims(x, d[0], d[1], factor, d[2], factor, d[3])
	return Reshape(x, d[0], d[1]*factor, d[2]*factor, d[3])
}

// constant makes numbers a constant of x's graph and type.
func constant(x *Node, v []float64, dims ...int) *Node {
	c := ConstTensor(x.Graph(), tensors.FromFlatDataAndDimensions(v, dims...))
	if x.DType() != dtypes.Float64 {
		c = ConvertDType(c, x.DType())
	}
	return c
}

// ResizeMatrix is the matrix [to, from], row-major, that Resize multiplies one axis with. Its rows sum to 1.
func ResizeMatrix(from, to int, kind Interpolation, antialias bool) []float64 {
	b := block{"ResizeMatrix", nil}
	b.known(kind)
	b.atLeast("from", from, 1)
	b.atLeast("to", to, 1)
	kernel, radius := kernelOf(kind)
	scale := float64(to) / float64(from)
	stretch := 1.0
	if antialias && scale < 1 && kind != Nearest {
		stretch = 1 / scale
	}
	m := make([]float64, to*from)
	for i := range to {
		centre := (float64(i)+0.5)/scale - 0.5
		row := m[i*from : (i+1)*from]
		if kind == Nearest {
			row[min(max(int(math.Floor(centre+0.5)), 0), from-1)] = 1
			continue
		}
		sum := 0.0
		for j := int(math.Floor(centre - radius*stretch)); j <= int(math.Ceil(centre+radius*stretch)); j++ {
			w := kernel((centre - float64(j)) / stretch)
			row[mirrored(j, from)] += w
			sum += w
		}
		for j := range row {
			row[j] /= sum
		}
	}
	return m
}

// ZoomMatrix is the matrix [n, n], row-major, that enlarges one axis about its centre by scale, and then moves it by shift: what was at u comes to
// scale·u + shift, in coordinates that run from −1 at one edge to 1 at the other. It takes linear means of pixels, and beyond the edges the
// outermost one. Scales much below 1 pass over pixels.
func ZoomMatrix(n int, scale, shift float64) []float64 {
	b := block{"ZoomMatrix", nil}
	b.atLeast("n", n, 1)
	b.positive("scale", scale)
	m := make([]float64, n*n)
	half := float64(n) / 2
	for i := range n {
		u := (float64(i)+0.5)/half - 1
		from := min(max(((u-shift)/scale+1)*half-0.5, 0), float64(n-1))
		first := min(int(from), max(n-2, 0))
		m[i*n+first] = 1 - (from - float64(first))
		if n > 1 {
			m[i*n+first+1] = from - float64(first)
		}
	}
	return m
}

// mirrored folds a place beyond the edges back: −1 is 0, −2 is 1, and so on.
func mirrored(j, n int) int {
	j = ((j % (2 * n)) + 2*n) % (2 * n)
	if j >= n {
		j = 2*n - 1 - j
	}
	return j
}

func kernelOf(kind Interpolation) (kernel func(t float64) float64, radius float64) {
	switch kind {
	case Nearest:
		return nil, 0.5
	case Bilinear:
		return func(t float64) float64 { return math.Max(0, 1-math.Abs(t)) }, 1
	default: // Bicubic
		return func(t float64) float64 {
			t = math.Abs(t)
			switch {
			case t <= 1:
				return 1.5*t*t*t - 2.5*t*t + 1
			case t < 2:
				return -0.5*t*t*t + 2.5*t*t - 4*t + 2
			default:
				return 0
			}
		}, 2
	}
}

// PixelShuffle rearranges [b, h, w, c·factor²] into [b, h·factor, w·factor, c] (Shi et al. 2016): channel c·factor² + i·factor + j of a pixel
// becomes channel c of the pixel at row i and column j of its block, as PyTorch numbers them.
func PixelShuffle(x *Node, factor int) *Node {
	b := block{"PixelShuffle", nil}
	b.image(x)
	b.atLeast("factor", factor, 1)
	d := x.Shape().Dimensions
	if d[3]%(factor*factor) != 0 {
		b.fail("the %d channels of x %s are no multiple of factor² = %d", d[3], x.Shape(), factor*factor)
	}
	c := d[3] / (factor * factor)
	x = Reshape(x, d[0], d[1], d[2], c, factor, factor)
	return Reshape(TransposeAllAxes(x, 0, 1, 4, 2, 5, 3), d[0], d[1]*factor, d[2]*factor, c)
}

// PixelUnshuffle is the inverse of PixelShuffle.
func PixelUnshuffle(x *Node, factor int) *Node {
	b := block{"PixelUnshuffle", nil}
	b.image(x)
	b.atLeast("factor", factor, 1)
	d := x.Shape().Dimensions
	if d[1]%factor != 0 || d[2]%factor != 0 {
		b.fail("factor %d does not divide the %d×%d pixels of x %s; %s do", factor, d[1], d[2], x.Shape(), divisors(d[1], d[2]))
	}
	x = Reshape(x, d[0], d[1]/factor, factor, d[2]/factor, factor, d[3])
	return Reshape(TransposeAllAxes(x, 0, 1, 3, 5, 2, 4), d[0], d[1]/factor, d[2]/factor, d[3]*factor*factor)
}
