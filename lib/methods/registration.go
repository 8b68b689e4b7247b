package methods

import (
	"fmt"
	"math"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// Registration enlarges and moves pictures of A, all of them alike, so that their mean comes to lie on the mean of B's pictures. As no picture of B
// belongs to one of A, it is the means that are registered, by least squares, as one registers two pictures (Lucas & Kanade 1981):
//
//	s, t = argmin ‖zoom(mean of A; s, t) − mean of B‖²,  for rows and columns
//
// Colours stay. A picture whose margin is no ground is continued by its outermost pixels where it becomes smaller.
type Registration struct{ Posed }

// FitDomains implements DomainFitter.
func (m *Registration) FitDomains(a, b Images) (map[string]Array, error) { return registered(a, b) }

// Translate implements Translator.
func (m *Registration) Translate(s *Scope, x *Node) *Node { return framed(s, x, "ab") }

// TranslateBack implements Invertible.
func (m *Registration) TranslateBack(s *Scope, x *Node) *Node { return framed(s, x, "ba") }

// frame is embedded in translators that can begin with registration. All else is then between pictures so brought to one frame.
type frame struct {
	Register bool `default:"false" later:"true" help:"whether pictures of A are first enlarged and moved as registration does it, and brought back at the end of the way back"`
}

// FitDomains implements DomainFitter.
func (f *frame) FitDomains(a, b Images) (map[string]Array, error) {
	if !f.Register {
		return nil, nil
	}
	return registered(a, b)
}

// framed brings pictures of A to where B has them ("ab"), or back ("ba"), if they are registered.
func (f *frame) framed(s *Scope, x *Node, way string) *Node {
	if !f.Register {
		return x
	}
	return framed(s, x, way)
}

// framed brings pictures x of A to where and how large B has them ("ab"), or back ("ba").
func framed(s *Scope, x *Node, way string) *Node {
	s = s.At("registration").At("%s", way)
	matrix := func(name string, n int) *Node {
		return s.VariableWithShape(name, shapes.Make(dtypes.Float32, n, n)).SetTrainable(false).NodeValue(x.Graph())
	}
	return nn.Resample(x, matrix("rows", x.Shape().Dim(1)), matrix("columns", x.Shape().Dim(2)))
}

// registered finds the matrices that framed multiplies with.
func registered(a, b Images) (map[string]Array, error) {
	from, to := meanPicture(a), meanPicture(b)
	matrices := func(p []float64) (rows, columns []float64) { // p are, for rows and for columns, the logarithm of the scale and the shift
		return nn.ZoomMatrix(a.Height, math.Exp(p[0]), p[1]), nn.ZoomMatrix(a.Width, math.Exp(p[2]), p[3])
	}
	misfit := func(p []float64) float64 {
		if floats.Norm(p, math.Inf(1)) > 0.5 {
			return math.Inf(1) // no registration any more
		}
		rows, columns := matrices(p)
		sum := 0.0
		for c := range from {
			var moved mat.Dense
			moved.Product(mat.NewDense(a.Height, a.Height, rows), from[c], mat.NewDense(a.Width, a.Width, columns).T())
			moved.Sub(&moved, to[c])
			sum += math.Pow(mat.Norm(&moved, 2), 2)
		}
		return sum
	}
	best, err := optimize.Minimize(optimize.Problem{Func: misfit}, make([]float64, 4), nil, &optimize.NelderMead{SimplexSize: 0.05})
	if err != nil {
		return nil, fmt.Errorf("registration: the means of the two domains cannot be brought together: %w", err)
	}
	there := best.X
	back := []float64{-there[0], -there[1] / math.Exp(there[0]), -there[2], -there[3] / math.Exp(there[2])}
	out := map[string]Array{}
	for way, p := range map[string][]float64{"ab": there, "ba": back} {
		rows, columns := matrices(p)
		out["registration/"+way+"/rows"] = Array{[]int{a.Height, a.Height}, single(rows)}
		out["registration/"+way+"/columns"] = Array{[]int{a.Width, a.Width}, single(columns)}
	}
	return out, nil
}

// meanPicture is the mean of pictures, in [0, 1], channel by channel.
func meanPicture(x Images) []*mat.Dense {
	out := make([]*mat.Dense, x.Channels)
	for c := range out {
		sum := make([]float64, x.Height*x.Width)
		for i := range x.N {
			pix := x.At(i)
			for j := range sum {
				sum[j] += float64(pix[j*x.Channels+c]) / 255
			}
		}
		floats.Scale(1/float64(x.N), sum)
		out[c] = mat.NewDense(x.Height, x.Width, sum)
	}
	return out
}

// single are numbers in single precision.
func single(v []float64) []float32 {
	out := make([]float32, len(v))
	for i := range v {
		out[i] = float32(v[i])
	}
	return out
}
