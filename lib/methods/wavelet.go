package methods

import (
	"fmt"
	"math"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/gomlx/core/tensors"
)

// Wavelet shrinks the coefficients of an orthogonal wavelet transform (Donoho & Johnstone 1994) by the threshold of BayesShrink (Chang, Yu &
// Vetterli 2000, IEEE TIP 9(9)), one for each band and picture:
//
//	x̂ = Wᵀ soft(Wy, T),  T = σ² / σₓ,  σₓ² = max(E[(Wy)²] − σ², 0)
//
// With Spin it is the mean over all shifts of the grid (Coifman & Donoho 1995), which the stationary transform computes at once. The picture
// is mirrored at its edges.
type Wavelet struct {
	Posed
	Wavelet string `default:"sym8" range:"haar|db2|db4|sym8" help:"Daubechies's filters of 2, 4, 8 and 16 taps (1992)"`
	Levels  int    `default:"4" range:"1:10" help:"scales, as far as the picture's size allows"`
	Spin    bool   `default:"true" help:"average over all shifts (cycle spinning)"`
}

// lowpass are the scaling filters of Daubechies 1992, Ten lectures on wavelets, tables 6.1 and 6.3, orthonormal: Σ f² = 1.
var lowpass = map[string][]float64{
	"haar": {0.7071067811865476, 0.7071067811865476},
	"db2":  {0.48296291314453416, 0.8365163037378079, 0.2241438680420134, -0.12940952255126037},
	"db4": {0.2303778133088965, 0.7148465705529157, 0.6308807679298589, -0.027983769416859854, -0.18703481171909309, 0.030841381835560764,
		0.0328830116668852, -0.010597401785069032},
	"sym8": {0.0018899503327594609, -0.0003029205147213668, -0.01495225833704823, 0.003808752013890615, 0.049137179673607506,
		-0.027219029917056003, -0.05194583810770904, 0.3644418948353314, 0.7771857517005235, 0.4813596512583722, -0.061273359067658524,
		-0.1432942383508097, 0.007607487324917605, 0.03169508781149298, -0.0005421323317911481, -0.0033824159510061256},
}

// Pose implements Method.
func (m *Wavelet) Pose(p Problem) error {
	if !onlyNoise(p.Operator) {
		return fmt.Errorf("wavelet: %s is more than noise, which shrinkage takes away; use tv", p.Operator.Describe())
	}
	return m.Posed.Pose(p)
}

// Restore implements Restorer.
func (m *Wavelet) Restore(_ *Scope, y, _ *Node) *Node {
	d := y.Shape().Dimensions
	variance := Square(physics.Level(m.problem.Operator, y))
	levels, grid := 0, 1
	for levels < m.Levels && 2*grid <= min(d[1], d[2]) {
		levels, grid = levels+1, 2*grid
	}
	x := y
	for axis := 1; axis <= 2; axis++ { // to a multiple of the coarsest grid, and beyond where there is enough to mirror
		n := d[axis]
		by := (n+grid-1)/grid*grid - n
		if by+grid < n {
			by += grid
		}
		x = mirror(x, axis, by)
	}
	x = m.level(x, variance, 1, levels)
	return part(part(x, 1, 0, d[1]), 2, 0, d[2])
}

// level splits x, whose samples are apart pixels from each other, into four bands, shrinks three, goes on with the fourth, and joins them.
func (m *Wavelet) level(x, variance *Node, apart, levels int) *Node {
	if levels == 0 {
		return x
	}
	low := lowpass[m.Wavelet]
	high := make([]float64, len(low)) // the quadrature mirror
	for k := range low {
		high[k] = low[len(low)-1-k]
		if k%2 == 1 {
			high[k] = -high[k]
		}
	}
	share := 0.25 // the transform is four times redundant
	var kept *Node
	if !m.Spin {
		share = 1
		kept = gridOf(x, 2*apart)
	}
	var out *Node
	for i, vertical := range [][]float64{low, high} {
		for j, horizontal := range [][]float64{low, high} {
			re, im := spectrum(x, vertical, horizontal, apart)
			band := physics.Filter(x, re, im)
			if kept != nil {
				band = Mul(band, kept)
			}
			if i+j == 0 {
				band = m.level(band, variance, 2*apart, levels-1)
			} else {
				band = m.bayes(band, variance, apart)
			}
			back := physics.Filter(band, re, Neg(im)) // the adjoint
			if out == nil {
				out = back
			} else {
				out = Add(out, back)
			}
		}
	}
	return MulScalar(out, share)
}

// spectrum is what the correlation yᵢⱼ = Σₖₗ vₖ hₗ xᵢ₊ₖₐ,ⱼ₊ₗₐ, which goes round, multiplies x's spectrum by, as physics.Filter wants it. Shifted
// pictures, added, would be a program that takes minutes to compile.
func spectrum(x *Node, vertical, horizontal []float64, apart int) (re, im *Node) {
	d := x.Shape().Dimensions
	along := func(filter []float64, count, pixels int, dims ...int) (re, im *Node) {
		values := make([]float32, 2*count)
		for u := range count {
			for k, f := range filter {
				sin, cos := math.Sincos(2 * math.Pi * float64(k*apart*u%pixels) / float64(pixels))
				values[u] += float32(f * cos)
				values[count+u] += float32(f * sin)
			}
		}
		constant := func(v []float32) *Node { return ConstTensor(x.Graph(), tensors.FromFlatDataAndDimensions(v, dims...)) }
		return constant(values[:count]), constant(values[count:])
	}
	vr, vi := along(vertical, d[1], d[1], 1, 1, d[1], 1)
	hr, hi := along(horizontal, d[2]/2+1, d[2], 1, 1, 1, d[2]/2+1)
	return Sub(Mul(vr, hr), Mul(vi, hi)), Add(Mul(vr, hi), Mul(vi, hr))
}

// bayes shrinks a band by its own threshold.
func (m *Wavelet) bayes(band, variance *Node, apart int) *Node {
	energy := ReduceAndKeep(Square(band), ReduceMean, 1, 2)
	if !m.Spin {
		energy = MulScalar(energy, float64(4*apart*apart)) // the others are 0
	}
	signal := MaxScalar(Sub(energy, variance), 1e-12)
	threshold := BroadcastToShape(Div(variance, Sqrt(signal)), band.Shape())
	return Sub(band, Max(Min(band, threshold), Neg(threshold)))
}

// gridOf is 1 at every apart-th pixel along both axes, and 0 between.
func gridOf(x *Node, apart int) *Node {
	shape := x.Shape().Clone()
	shape.Dimensions[0], shape.Dimensions[3] = 1, 1
	on := func(axis int) *Node {
		at := MulScalar(Iota(x.Graph(), shape, axis), 1/float64(apart))
		return ConvertDType(Equal(at, Floor(at)), x.DType())
	}
	return Mul(on(1), on(2))
}
