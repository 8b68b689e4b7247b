package methods

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"gonum.org/v1/gonum/mat"
)

// ColorTransfer gives pictures the colours of the other domain (Reinhard, Ashikhmin, Gooch & Shirley 2001): in the space lαβ (Ruderman et al. 1998),
// where the channels of natural pictures are nearly independent, each channel is shifted and stretched to the other's mean and deviation:
//
//	l′ = (l − μ_A)·σ_B/σ_A + μ_B,  and so for α and β
//
// The paper takes the statistics of two pictures; here they are those of all training pictures of either domain, as no picture of B belongs to one of A.
type ColorTransfer struct{ Posed }

// Pose implements Method.
func (m *ColorTransfer) Pose(p Problem) error {
	if p.Channels != 3 {
		return fmt.Errorf("color-transfer: the pictures are grey, and it needs colour; take identity")
	}
	return m.Posed.Pose(p)
}

var (
	// rgbToLMS are the responses of the three cones to red, green and blue (the paper's equation 4).
	rgbToLMS = mat.NewDense(3, 3, []float64{0.3811, 0.5783, 0.0402, 0.1967, 0.7244, 0.0782, 0.0241, 0.1288, 0.8444})
	// logToLab rotates their logarithms to l, α and β (equation 6).
	logToLab = mat.NewDense(3, 3, []float64{
		1 / math.Sqrt(3), 1 / math.Sqrt(3), 1 / math.Sqrt(3),
		1 / math.Sqrt(6), 1 / math.Sqrt(6), -2 / math.Sqrt(6),
		1 / math.Sqrt2, -1 / math.Sqrt2, 0,
	})
)

// darkest is what black counts as, for its logarithm: one step of 8 bits.
const darkest = 1. / 255

// FitDomains implements DomainFitter: the mean and the deviation of l, α and β in either domain, [2, 3].
func (m *ColorTransfer) FitDomains(a, b Images) (map[string]Array, error) {
	out := map[string]Array{}
	for name, x := range map[string]Images{"a": a, "b": b} {
		out["colour/"+name] = Array{[]int{2, 3}, labStatistics(x)}
	}
	return out, nil
}

// labStatistics are the means of l, α and β over all pixels, and then their deviations.
func labStatistics(x Images) []float32 {
	var sum, squares [3]float64
	rgb, lms, lab := mat.NewVecDense(3, nil), mat.NewVecDense(3, nil), mat.NewVecDense(3, nil)
	pixels := 0
	for i := range x.N {
		for pix := x.At(i); len(pix) > 0; pix = pix[3:] {
			for c := range 3 {
				rgb.SetVec(c, max(float64(pix[c])/255, darkest))
			}
			lms.MulVec(rgbToLMS, rgb)
			for c := range 3 {
				lms.SetVec(c, math.Log10(lms.AtVec(c)))
			}
			lab.MulVec(logToLab, lms)
			for c := range 3 {
				sum[c] += lab.AtVec(c)
				squares[c] += lab.AtVec(c) * lab.AtVec(c)
			}
			pixels++
		}
	}
	out := make([]float32, 6)
	for c := range 3 {
		mean := sum[c] / float64(pixels)
		out[c] = float32(mean)
		out[3+c] = float32(math.Sqrt(max(squares[c]/float64(pixels)-mean*mean, 0)))
	}
	return out
}

// Translate implements Translator.
func (m *ColorTransfer) Translate(s *Scope, x *Node) *Node { return m.transfer(s, x, "a", "b") }

// TranslateBack implements Invertible.
func (m *ColorTransfer) TranslateBack(s *Scope, x *Node) *Node { return m.transfer(s, x, "b", "a") }

func (m *ColorTransfer) transfer(s *Scope, x *Node, from, to string) *Node {
	s = s.At("colour")
	statistics := func(name string) (mean, deviation *Node) {
		v := s.VariableWithShape(name, shapes.Make(dtypes.Float32, 2, 3)).NodeValue(x.Graph())
		row := func(i int) *Node { return Reshape(Slice(v, AxisElem(i)), 1, 1, 1, 3) }
		return row(0), row(1)
	}
	meanA, deviationA := statistics(from)
	meanB, deviationB := statistics(to)
	x = Max(x, AddScalar(ZerosLike(x), darkest))
	lab := mixed(logToLab, MulScalar(Log(mixed(rgbToLMS, x)), 1/math.Ln10))
	// A channel without any spread, as β in a domain of greys, is only shifted.
	flat := LessThan(deviationA, AddScalar(ZerosLike(deviationA), 1e-6))
	stretch := Where(flat, OnesLike(deviationA), Div(deviationB, Where(flat, OnesLike(deviationA), deviationA)))
	lab = Add(Mul(Sub(lab, meanA), stretch), meanB)
	lms := Exp(MulScalar(mixed(inverted(logToLab), lab), math.Ln10))
	return ClipScalar(mixed(inverted(rgbToLMS), lms), 0, 1)
}

// mixed multiplies the channels of x [n, h, w, 3] by a matrix.
func mixed(m *mat.Dense, x *Node) *Node {
	rows := make([]*Node, 3)
	for i := range rows {
		for j := range 3 {
			part := MulScalar(Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisElem(j)), m.At(i, j))
			if j == 0 {
				rows[i] = part
			} else {
				rows[i] = Add(rows[i], part)
			}
		}
	}
	return Concatenate(rows, 3)
}

func inverted(m *mat.Dense) *mat.Dense {
	var out mat.Dense
	if err := out.Inverse(m); err != nil {
		panic(err) // both matrices are constants and have one
	}
	return &out
}
