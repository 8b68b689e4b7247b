package nn

import (
	"fmt"
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
	checkImage("Resize", x)
	if height < 1 || width < 1 {
		panic(fmt.Errorf("nn.Resize: to %d×%d; both must be at least 1", height, width))
	}
	d := x.Shape().Dimensions
	x = Einsum("oh,bhwc->bowc", weights(x, d[1], height, kind, antialias), x)
	return Einsum("ow,bhwc->bhoc", weights(x, d[2], width, kind, antialias), x)
}

// Upsample resizes images to factor times their size.
func Upsample(x *Node, factor int, kind Interpolation) *Node {
	checkImage("Upsample", x)
	if factor < 1 {
		panic(fmt.Errorf("nn.Upsample: factor %d; it must be at least 1", factor))
	}
	return Resize(x, x.Shape().Dim(1)*factor, x.Shape().Dim(2)*factor, kind, false)
}

// weights is the matrix [to, from] of a resampling.
func weights(x *Node, from, to int, kind Interpolation, antialias bool) *Node {
	m := ResizeMatrix(from, to, kind, antialias)
	w := ConstTensor(x.Graph(), tensors.FromFlatDataAndDimensions(m, to, from))
	if x.DType() != dtypes.Float64 {
		w = ConvertDType(w, x.DType())
	}
	return w
}

// ResizeMatrix is the matrix [to, from], row-major, that Resize multiplies one axis with. Its rows sum to 1.
func ResizeMatrix(from, to int, kind Interpolation, antialias bool) []float64 {
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
	case Bicubic:
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
	panic(fmt.Errorf("nn.Resize: unknown interpolation %q; use nearest, bilinear or bicubic", kind))
}

// PixelShuffle rearranges [b, h, w, c·factor²] into [b, h·factor, w·factor, c] (Shi et al. 2016): channel c·factor² + i·factor + j of a pixel
// becomes channel c of the pixel at row i and column j of its block, as PyTorch numbers them.
func PixelShuffle(x *Node, factor int) *Node {
	checkImage("PixelShuffle", x)
	d := x.Shape().Dimensions
	if factor < 1 || d[3]%(factor*factor) != 0 {
		panic(fmt.Errorf("nn.PixelShuffle: %d channels are no multiple of factor² = %d", d[3], factor*factor))
	}
	c := d[3] / (factor * factor)
	x = Reshape(x, d[0], d[1], d[2], c, factor, factor)
	return Reshape(TransposeAllAxes(x, 0, 1, 4, 2, 5, 3), d[0], d[1]*factor, d[2]*factor, c)
}

// PixelUnshuffle is the inverse of PixelShuffle.
func PixelUnshuffle(x *Node, factor int) *Node {
	checkImage("PixelUnshuffle", x)
	d := x.Shape().Dimensions
	if factor < 1 || d[1]%factor != 0 || d[2]%factor != 0 {
		panic(fmt.Errorf("nn.PixelUnshuffle: %d×%d pixels are no multiple of %d", d[1], d[2], factor))
	}
	x = Reshape(x, d[0], d[1]/factor, factor, d[2]/factor, factor, d[3])
	return Reshape(TransposeAllAxes(x, 0, 1, 3, 5, 2, 4), d[0], d[1]/factor, d[2]/factor, d[3]*factor*factor)
}
