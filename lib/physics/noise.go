package physics

import (
	"fmt"
	"math"
	"math/rand/v2"

	"darkroom/lib/lab"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/stat/distuv"
)

// Noise is additive white Gaussian noise; A is the identity.
type Noise struct{ Deviation float64 }

// Describe implements Operator.
func (n Noise) Describe() string { return fmt.Sprintf("Gaussian noise σ = %g/255", n.Deviation*255) }

// Forward implements Operator.
func (n Noise) Forward(x, _ *Node) *Node { return x }

// Adjoint implements Operator.
func (n Noise) Adjoint(y, _ *Node) *Node { return y }

// Sigma implements Operator.
func (n Noise) Sigma() float64 { return n.Deviation }

// Aux implements Operator.
func (n Noise) Aux(*rand.Rand, int, int, int) []float32 { return nil }

// DrawAux implements Operator.
func (n Noise) DrawAux(*model.Scope, *Graph, shapes.Shape) *Node { return nil }

// Gain implements Pixelwise.
func (n Noise) Gain(*Node) *Node { return nil }

// same is embedded in operators that are noise alone: A is the identity.
type same struct{ plain }

// Forward implements Operator.
func (same) Forward(x, _ *Node) *Node { return x }

// Adjoint implements Operator.
func (same) Adjoint(y, _ *Node) *Node { return y }

// Gain implements Pixelwise.
func (same) Gain(*Node) *Node { return nil }

// Blind is white Gaussian noise whose deviation is drawn for each picture, equally from Low to High, and is told to nobody.
type Blind struct {
	same
	Low, High float64
}

// Describe implements Operator.
func (b Blind) Describe() string {
	return fmt.Sprintf("Gaussian noise of unknown σ, drawn from %g/255 to %g/255", b.Low*255, b.High*255)
}

// Sigma implements Operator: √E[σ²].
func (b Blind) Sigma() float64 { return math.Sqrt((b.Low*b.Low + b.Low*b.High + b.High*b.High) / 3) }

// Corrupt implements Corrupter.
func (b Blind) Corrupt(r *rand.Rand, y lab.Image) {
	Corrupt(Noise{b.Low + (b.High-b.Low)*r.Float64()}, r, y)
}

// DrawNoise implements Corrupter.
func (b Blind) DrawNoise(s *model.Scope, y *Node) *Node {
	g := y.Graph()
	sigma := AddScalar(MulScalar(s.RandomUniform(g, float32Shape(y.Shape().Dim(0), 1, 1, 1)), b.High-b.Low), b.Low)
	return Add(y, Mul(nn.Gaussian(s.Store(), g, y.Shape()), sigma))
}

// Level implements Leveller by the median of the finest diagonal Haar coefficients (Donoho & Johnstone 1994), median |d| / 0.6745, within Low
// and High. A picture of one pixel's width has none: there it is Sigma.
func (b Blind) Level(y *Node) *Node {
	d := y.Shape().Dimensions
	h, w := d[1]/2*2, d[2]/2*2
	if h == 0 || w == 0 {
		return constant(y, b.Sigma())
	}
	at := func(i, j int) *Node {
		return Slice(y, AxisRange(), AxisRange(i, h).Stride(2), AxisRange(j, w).Stride(2))
	}
	diagonal := MulScalar(Sub(Add(at(0, 0), at(1, 1)), Add(at(0, 1), at(1, 0))), 0.5)
	sorted := Sort(Reshape(Abs(diagonal), d[0], -1), 1, true)
	median := Slice(sorted, AxisRange(), AxisElem(sorted.Shape().Dim(1)/2))
	return ClipScalar(Reshape(MulScalar(median, 1/0.6744897501960817), d[0], 1, 1, 1), b.Low, b.High)
}

// Poisson is the shot noise of a camera that counts Peak photons where the picture is white: y = Poisson(Peak·x) / Peak. Its variance is
// x / Peak.
type Poisson struct {
	same
	Peak int
}

// Describe implements Operator.
func (p Poisson) Describe() string { return fmt.Sprintf("Poisson noise, %d photons at white", p.Peak) }

// Sigma implements Operator: the mean of x is 1/2.
func (p Poisson) Sigma() float64 { return math.Sqrt(0.5 / float64(p.Peak)) }

// Corrupt implements Corrupter. A negative value counts as 0.
func (p Poisson) Corrupt(r *rand.Rand, y lab.Image) {
	for i, v := range y.Pix {
		y.Pix[i] = 0
		if v > 0 {
			y.Pix[i] = float32(distuv.Poisson{Lambda: float64(v) * float64(p.Peak), Src: r}.Rand() / float64(p.Peak))
		}
	}
}

// DrawNoise implements Corrupter.
func (p Poisson) DrawNoise(s *model.Scope, y *Node) *Node {
	return MulScalar(poisson(s, MulScalar(y, float64(p.Peak)), float64(p.Peak)), 1/float64(p.Peak))
}

// Level implements Leveller: the variance is the mean of y / Peak, and at least that of one photon in the whole picture.
func (p Poisson) Level(y *Node) *Node {
	mean := ReduceAndKeep(y, ReduceMean, 1, 2, 3)
	return Sqrt(MulScalar(MaxScalar(mean, 1/float64(p.Peak*y.Shape().Size())), 1/float64(p.Peak)))
}

// atOnce bounds the rate that poisson draws at once, so that e^−rate is far from the smallest float32.
const atOnce = 64

// poisson draws numbers with the given rates, none much above peak, by inversion of the distribution (Devroye 1986, X.3.3): a
// large rate is the sum of smaller ones.
func poisson(s *model.Scope, rate *Node, peak float64) *Node {
	g := rate.Graph()
	parts := int(math.Ceil(peak / atOnce))
	rate = MulScalar(MaxScalar(rate, 0), 1/float64(parts))
	rate = BroadcastToDims(ExpandAxes(rate, 0), append([]int{parts}, rate.Shape().Dimensions...)...)
	most := peak/float64(parts) + 8*math.Sqrt(peak/float64(parts)) + 10 // beyond it the probability is below 1e-8
	u := s.RandomUniform(g, rate.Shape())
	p := Exp(Neg(rate))
	state := []*Node{Const(g, int32(0)), ZerosLike(rate), p, p, u, rate} // k, the number drawn, P(k), P(≤ k)
	parameters := func(g *Graph) []*Node {
		out := make([]*Node, len(state))
		for i, v := range state {
			out[i] = Parameter(g, "", v.Shape())
		}
		return out
	}
	cond := NewClosure(g, func(g *Graph) []*Node {
		return []*Node{LessThan(parameters(g)[0], Const(g, int32(math.Ceil(most))))}
	})
	body := NewClosure(g, func(g *Graph) []*Node {
		in := parameters(g)
		k, drawn, p, sum, u, rate := Add(in[0], Const(g, int32(1))), in[1], in[2], in[3], in[4], in[5]
		// Where the sum is rounded so that it never reaches u, the tail's small probabilities end the search.
		kf := ConvertDType(k, rate.DType())
		open := LogicalOr(GreaterThan(p, Const(g, float32(1e-9))), LessThan(kf, rate))
		beyond := ConvertDType(LogicalAnd(GreaterThan(u, sum), open), rate.DType())
		p = Div(Mul(p, rate), kf)
		return []*Node{k, Add(drawn, beyond), p, Add(sum, p), u, rate}
	})
	return ReduceSum(While(cond, body, state...)[1], 0)
}

// Salt is salt-and-pepper noise: a share of the values, each independently, becomes 0 or 1, equally often.
type Salt struct {
	same
	Share float64
}

// Describe implements Operator.
func (n Salt) Describe() string {
	return fmt.Sprintf("salt and pepper on %g %% of the values", n.Share*100)
}

// Sigma implements Operator: E(0−x)² = E(1−x)² = 1/3.
func (n Salt) Sigma() float64 { return math.Sqrt(n.Share / 3) }

// Corrupt implements Corrupter.
func (n Salt) Corrupt(r *rand.Rand, y lab.Image) {
	for i := range y.Pix {
		switch u := r.Float64(); {
		case u < n.Share/2:
			y.Pix[i] = 0
		case u < n.Share:
			y.Pix[i] = 1
		}
	}
}

// DrawNoise implements Corrupter.
func (n Salt) DrawNoise(s *model.Scope, y *Node) *Node {
	u := s.RandomUniform(y.Graph(), y.Shape())
	below := func(x float64) *Node { return LessThan(u, Scalar(u.Graph(), u.DType(), x)) }
	return Where(below(n.Share/2), ZerosLike(y), Where(below(n.Share), OnesLike(y), y))
}
