package physics

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"darkroom/lib/lab"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go

	"github.com/gomlx/gomlx/ml/model"
)

// JPEG is what a picture loses when it is written as JPEG of a quality from 1 to 100, by Go's encoder, whose tables are those of the standard (ITU-T T.81,
// Annex K) scaled as libjpeg scales them. A is the identity: that the cosines' coefficients are rounded counts as noise.
type JPEG struct {
	same
	Quality int
}

// Describe implements Operator.
func (p JPEG) Describe() string { return fmt.Sprintf("JPEG of quality %d", p.Quality) }

// Sigma implements Operator for a picture whose neighbours have correlation 0.95 and whose pixels have the deviation 0.2, the textbook's model
// of pictures (Jain 1989, Fundamentals of digital image processing, 2.9): a coefficient of variance v that is rounded to multiples of q
// loses q²/12, or, where it is always rounded to 0, v.
func (p JPEG) Sigma() float64 {
	table, cosine := p.steps(), cosine8()
	var variance [8]float64
	for u := range variance {
		for i := range 8 {
			for j := range 8 {
				variance[u] += cosine[8*u+i] * cosine[8*u+j] * math.Pow(0.95, math.Abs(float64(i-j)))
			}
		}
	}
	lost := 0.0
	for i, q := range table {
		q /= 255
		lost += math.Min(q*q/12, 0.04*variance[i/8]*variance[i%8]) / 64
	}
	return math.Sqrt(lost)
}

// Corrupt implements Corrupter: a colour picture is coded as one, with halved chroma.
func (p JPEG) Corrupt(_ *rand.Rand, y lab.Image) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, y.Standard(), &jpeg.Options{Quality: p.Quality}); err != nil {
		panic(fmt.Errorf("physics: %s: a picture of %d×%d: %w", p.Describe(), y.Width, y.Height, err))
	}
	decoded, err := jpeg.Decode(&file)
	if err != nil {
		panic(fmt.Errorf("physics: %s: %w", p.Describe(), err))
	}
	copy(y.Pix, lab.FromBytes(y.Height, y.Width, y.Channels, lab.FromStandard(decoded).Bytes()).Pix)
}

// DrawNoise implements Corrupter: the same sums without a file, each channel being coded as a grey picture. The edges are repeated to whole blocks
// of 8×8.
func (p JPEG) DrawNoise(_ *model.Scope, y *Node) *Node {
	g, d := y.Graph(), y.Shape().Dimensions
	x := AddScalar(Round(MulScalar(ClipScalar(y, 0, 1), 255)), -128)
	x = Reshape(TransposeAllAxes(x, 0, 3, 1, 2), d[0]*d[3], d[1], d[2])
	for axis := 1; axis <= 2; axis++ {
		if more := (8 - d[axis]%8) % 8; more > 0 {
			ranges := []SliceAxisSpec{AxisRange(), AxisRange(), AxisRange()}
			ranges[axis] = AxisRange(d[axis]-1, d[axis])
			dims := append([]int(nil), x.Shape().Dimensions...)
			dims[axis] = more
			x = Concatenate([]*Node{x, BroadcastToDims(Slice(x, ranges...), dims...)}, axis)
		}
	}
	n, h, w := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2)
	cosine, steps := matrix(y, cosine8(), 8, 8), Reshape(matrix(y, p.steps(), 8, 8), 1, 1, 8, 1, 8)
	x = Reshape(x, n, h/8, 8, w/8, 8)
	x = Einsum("ui,nrikj->nrukj", cosine, x)
	x = Einsum("vj,nrukj->nrukv", cosine, x)
	x = Mul(Round(Div(x, steps)), steps)
	x = Einsum("ui,nrukv->nrikv", cosine, x)
	x = Reshape(Einsum("vj,nrikv->nrikj", cosine, x), n, h, w)
	x = Slice(x, AxisRange(), AxisRange(0, d[1]), AxisRange(0, d[2]))
	x = Mul(ClipScalar(Round(AddScalar(x, 128)), 0, 255), Const(g, float32(1.0/255)))
	return TransposeAllAxes(Reshape(x, d[0], d[3], d[1], d[2]), 0, 2, 3, 1)
}

// cosine8 is the orthonormal cosine transform of 8 values, [frequency, place].
func cosine8() []float64 {
	out := make([]float64, 64)
	for i := range out {
		u, x := i/8, i%8
		out[i] = 0.5 * math.Cos(float64((2*x+1)*u)*math.Pi/16)
		if u == 0 {
			out[i] = math.Sqrt(0.125)
		}
	}
	return out
}

// annexK is the standard's table of luma, T.81 K.1.
var annexK = [64]int{
	16, 11, 10, 16, 24, 40, 51, 61,
	12, 12, 14, 19, 26, 58, 60, 55,
	14, 13, 16, 24, 40, 57, 69, 56,
	14, 17, 22, 29, 51, 87, 80, 62,
	18, 22, 37, 56, 68, 109, 103, 77,
	24, 35, 55, 64, 81, 104, 113, 92,
	49, 64, 78, 87, 103, 121, 120, 101,
	72, 92, 95, 98, 112, 100, 103, 99,
}

// steps are the multiples to which coefficients are rounded, of 8-bit pixels.
func (p JPEG) steps() []float64 {
	scale := 200 - 2*p.Quality
	if p.Quality < 50 {
		scale = 5000 / p.Quality
	}
	out := make([]float64, 64)
	for i, v := range annexK {
		out[i] = float64(min(max((v*scale+50)/100, 1), 255))
	}
	return out
}
