package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/nn"

	"github.com/gomlx/gomlx/core/tensors"
)

// array is a float64 image stack or kernel, for reference computations by plain loops.
type array struct {
	dims []int
	v    []float64
}

func zeros(dims ...int) array {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return array{dims, make([]float64, n)}
}

func random(r *rand.Rand, dims ...int) array {
	a := zeros(dims...)
	for i := range a.v {
		a.v[i] = r.NormFloat64()
	}
	return a
}

// at is the place of an element of an array of rank 4.
func (a array) at(i, j, k, l int) int {
	return ((i*a.dims[1]+j)*a.dims[2]+k)*a.dims[3] + l
}

func (a array) tensor() *tensors.Tensor { return tensors.FromFlatDataAndDimensions(a.v, a.dims...) }

// single is the array in float32.
func single(a array) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(narrow(a.v), a.dims...)
}

// moved is a + h·by.
func (a array) moved(h float64, by array) array {
	out := zeros(a.dims...)
	for i := range out.v {
		out.v[i] = a.v[i] + h*by.v[i]
	}
	return out
}

func dot(a, b array) float64 {
	s := 0.0
	for i := range a.v {
		s += a.v[i] * b.v[i]
	}
	return s
}

// windows is the number of windows along an axis and the padding before it, as TensorFlow's documentation states them.
func windows(in, kernel int, c nn.ConvConfig) (out, before int) {
	reach := kernel + (kernel-1)*(c.Dilation-1)
	if c.Padding == nn.Valid {
		return (in - reach + c.Stride) / c.Stride, 0
	}
	total := reach - c.Stride
	if in%c.Stride != 0 {
		total = reach - in%c.Stride
	}
	return (in + c.Stride - 1) / c.Stride, max(total, 0) / 2
}

// beyond is the pixel of n that stands at a place which may lie beyond the edge, or -1 for a zero.
func beyond(at, n int, mode nn.PadMode) int {
	switch {
	case at >= 0 && at < n:
		return at
	case mode == nn.PadReplicate:
		return min(max(at, 0), n-1)
	case mode == nn.PadReflect && at < 0:
		return -at
	case mode == nn.PadReflect:
		return 2*(n-1) - at
	}
	return -1
}

// taps calls f with the indices of every product in a convolution of x [b, h, w, in] and k [kh, kw, in/groups, out].
func taps(x, k []int, c nn.ConvConfig, f func(b, i, j, y, z, p, q, in, out int)) {
	h, top := windows(x[1], k[0], c)
	w, left := windows(x[2], k[1], c)
	for b := range x[0] {
		for i := range h {
			for j := range w {
				for p := range k[0] {
					for q := range k[1] {
						y := beyond(i*c.Stride+p*c.Dilation-top, x[1], c.Padding)
						z := beyond(j*c.Stride+q*c.Dilation-left, x[2], c.Padding)
						if y < 0 || z < 0 {
							continue
						}
						for in := range k[2] {
							for out := range k[3] {
								group := out / (k[3] / c.Groups)
								f(b, i, j, y, z, p, q, group*k[2]+in, out)
							}
						}
					}
				}
			}
		}
	}
}

// conv is the convolution by loops.
func conv(x, k array, c nn.ConvConfig) array {
	h, _ := windows(x.dims[1], k.dims[0], c)
	w, _ := windows(x.dims[2], k.dims[1], c)
	y := zeros(x.dims[0], h, w, k.dims[3])
	taps(x.dims, k.dims, c, func(b, i, j, u, v, p, q, in, out int) {
		y.v[y.at(b, i, j, out)] += x.v[x.at(b, u, v, in)] * k.v[k.at(p, q, in%k.dims[2], out)]
	})
	return y
}

// convTranspose is the transpose of conv by loops: x [b, h, w, in], k [kh, kw, filters/groups, in].
func convTranspose(x, k array, c nn.ConvConfig) array {
	side := func(i int) int {
		if c.Padding == nn.Valid {
			return (x.dims[i]-1)*c.Stride + (k.dims[i-1]-1)*c.Dilation + 1
		}
		return x.dims[i] * c.Stride
	}
	y := zeros(x.dims[0], side(1), side(2), k.dims[2]*c.Groups)
	taps(y.dims, k.dims, c, func(b, i, j, u, v, p, q, in, out int) {
		y.v[y.at(b, u, v, in)] += x.v[x.at(b, i, j, out)] * k.v[k.at(p, q, in%k.dims[2], out)]
	})
	return y
}

// slope is the gradient of f at a by central differences.
func slope(f func(a array) float64, a array) array {
	const h = 1e-4
	out := zeros(a.dims...)
	for i := range a.v {
		was := a.v[i]
		a.v[i] = was + h
		up := f(a)
		a.v[i] = was - h
		out.v[i] = (up - f(a)) / (2 * h)
		a.v[i] = was
	}
	return out
}

// near compares with a tolerance relative to the largest number that is wanted.
func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	scale := 1e-300
	for _, w := range want {
		scale = math.Max(scale, math.Abs(w))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*scale) {
			t.Errorf("%s: number %d is %.9g, want %.9g", what, i, got[i], want[i])
			return
		}
	}
}

func flat64(t *tensors.Tensor) []float64 { return tensors.MustCopyFlatData[float64](t) }

func wide(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

func narrow(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}
