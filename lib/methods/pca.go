package methods

import (
	"errors"
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
)

// PCA is the probabilistic principal component analysis (Tipping & Bishop 1999): the linear Gaussian model
//
//	x = Wz + μ + ε,  z ~ N(0, 1),  ε ~ N(0, σ²)
//
// where x are pixel values, or their log-odds (see logit). It is fitted in closed form: W = U(Λ − σ²)^½ from the largest eigenvalues of the covariance, σ² the mean of the others. It is the linear
// baseline for every generative network, and its log-density is exact.
type PCA struct {
	Posed
	Latent int    `default:"100" range:"1:4096" help:"number of principal components"`
	Pixels string `default:"binary" range:"binary|grey|logit" help:"binary: images binarised, plus uniform noise on [0, 1), so that the density bounds the probability of the binary image; grey: pixel values as they are; logit: their log-odds, so that samples are black or white where images are"`
}

// Pose implements Method.
func (m *PCA) Pose(p Problem) error {
	if err := m.fits("pca", p); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// fits says whether the images of a problem have enough values, and not too many.
func (m *PCA) fits(name string, p Problem) error {
	d := p.Height * p.Width * p.Channels
	if m.Latent >= d {
		return fmt.Errorf("%s: latent = %d, but an image has only %d values; use at most %d", name, m.Latent, d, d-1)
	}
	if d > 4096 {
		return fmt.Errorf("%s: images of %d×%d×%d have %d values, more than the 4096 whose covariance is practical; add @32 to the task", name, p.Height, p.Width, p.Channels, d)
	}
	return nil
}

// Dequantise implements Density.
func (m *PCA) Dequantise() bool { return m.Pixels == "binary" }

// LatentSize implements Sampler.
func (m *PCA) LatentSize() int { return m.Latent }

// exactBlock is how many 8-bit images can be multiplied in float32 without rounding: 257·255² < 2²⁴.
const exactBlock = 257

// Fit implements Fitter. The covariance of pixel values is exact: blocks of whole-number products on XLA, summed in float64. What the noise adds to the
// variances is in closed form, too: binarisation E[p(1−p)] and the uniform noise 1/12, log-odds their variance within a step of 8 bits.
func (m *PCA) Fit(run Runner, x Images) (map[string]Array, error) {
	d := x.Height * x.Width * x.Channels
	if x.N < 2 {
		return nil, fmt.Errorf("pca: %d training images, but a covariance needs at least 2", x.N)
	}
	gram := run.Compile(func(in []*Node) []*Node {
		return []*Node{MatMul(TransposeAllAxes(in[0], 1, 0), in[0]), ReduceSum(in[0], 0)}
	})
	var value, spread [256]float64 // of each pixel value: what it counts as, and the variance about that
	unit := 255.
	if m.Pixels == "logit" {
		unit = 1
	}
	for p := range value {
		value[p] = float64(p)
		if m.Pixels == "logit" {
			value[p], spread[p] = logitMoments(p)
		}
	}
	sum, products, within := make([]float64, d), make([]float64, d*d), make([]float64, d)
	block := make([]float32, exactBlock*d)
	for from := 0; from < x.N; from += exactBlock {
		clear(block)
		for i := from; i < min(from+exactBlock, x.N); i++ {
			for j, p := range x.At(i) {
				block[(i-from)*d+j] = float32(value[p])
				within[j] += spread[p]
			}
		}
		out, err := gram(Array{[]int{exactBlock, d}, block})
		if err != nil {
			return nil, err
		}
		for i, v := range out[0].Data {
			products[i] += float64(v)
		}
		for i, v := range out[1].Data {
			sum[i] += float64(v)
		}
	}
	n := float64(x.N)
	cov := mat.NewSymDense(d, nil)
	mean := make([]float64, d)
	for i := range mean {
		mean[i] = sum[i] / n / unit
	}
	for i := range d {
		for j := i; j < d; j++ {
			v := products[i*d+j]/n/unit/unit - mean[i]*mean[j]
			switch {
			case i == j && m.Dequantise():
				v = mean[i]*(1-mean[i]) + 1.0/12 // variance of a Bernoulli variable and of the noise
			case i == j:
				v += within[i] / n
			}
			cov.SetSym(i, j, v)
		}
	}
	if m.Dequantise() {
		for i := range mean {
			mean[i] += 0.5
		}
	}
	return m.decompose(mean, cov)
}

func (m *PCA) decompose(mean []float64, cov *mat.SymDense) (map[string]Array, error) {
	var eig mat.EigenSym
	if !eig.Factorize(cov, true) {
		return nil, errors.New("pca: the eigenvalues of the covariance did not converge")
	}
	d := len(mean)
	values := eig.Values(nil) // ascending
	var vectors mat.Dense
	eig.VectorsTo(&vectors)
	noise := 0.0
	for _, v := range values[:d-m.Latent] {
		noise += math.Max(v, 0)
	}
	noise = math.Max(noise/float64(d-m.Latent), 1e-6) // data that lies in fewer dimensions than latent has no noise
	axes, spread := make([]float32, m.Latent*d), make([]float32, m.Latent)
	for k := range m.Latent {
		col := d - 1 - k
		sign := 1.0 // an eigenvector's sign is free; the largest entry is made positive
		if at := largest(&vectors, col); vectors.At(at, col) < 0 {
			sign = -1
		}
		spread[k] = float32(math.Max(values[col], noise))
		for i := range d {
			axes[k*d+i] = float32(sign * vectors.At(i, col))
		}
	}
	return map[string]Array{
		"pca/mean": {[]int{d}, single(mean)}, "pca/axes": {[]int{m.Latent, d}, axes},
		"pca/variances": {[]int{m.Latent}, spread}, "pca/noise": {[]int{1}, []float32{float32(noise)}},
	}, nil
}

// logitEdge keeps the log-odds of black and white finite.
const logitEdge = 1e-6

// logit is the log-odds of pixels x in [0, 1], log y/(1 − y) of y = λ + (1 − 2λ)u with λ = 10⁻⁶ (Papamakarios, Pavlakou & Murray 2017, section 4.3), where u
// is the middle of the step of 8 bits that x stands for, and the logarithm of the slope of that.
func logit(x *Node) (odds, logSlope *Node) {
	y := AddScalar(MulScalar(AddScalar(MulScalar(x, 255), 0.5), (1-2*logitEdge)/256), logitEdge)
	odds = Sub(Log(y), Log(OneMinus(y)))
	return odds, AddScalar(Neg(Add(Log(y), Log(OneMinus(y)))), math.Log((1-2*logitEdge)*255/256))
}

// unlogit is the inverse of logit.
func unlogit(odds *Node) *Node {
	u := MulScalar(AddScalar(Sigmoid(odds), -logitEdge), 256/(1-2*logitEdge))
	return DivScalar(AddScalar(u, -0.5), 255)
}

// logitMoments are the mean and the variance of the log-odds of pixel value p of 256, with noise that is uniform over the step. They are integrals over
// log-odds, by Gauss and Legendre: near black and white those change fast within a step.
func logitMoments(p int) (mean, variance float64) {
	odds := func(u float64) float64 { y := logitEdge + (1-2*logitEdge)*u; return math.Log(y / (1 - y)) }
	low, high := odds(float64(p)/256), odds(float64(p+1)/256)
	moment := func(f func(t float64) float64) float64 {
		return quad.Fixed(func(t float64) float64 { return f(t) / (2 + 2*math.Cosh(t)) }, low, high, 64, nil, 0)
	}
	mass := moment(func(float64) float64 { return 1 })
	mean = moment(func(t float64) float64 { return t }) / mass
	return mean, moment(func(t float64) float64 { return (t - mean) * (t - mean) }) / mass
}

func largest(v *mat.Dense, col int) int {
	at, most := 0, 0.0
	for i := range v.RawMatrix().Rows {
		if a := math.Abs(v.At(i, col)); a > most {
			at, most = i, a
		}
	}
	return at
}

// model returns the fitted μ [1, d], U [latent, d], λ [1, latent] and σ² [1, 1].
func (m *PCA) model(s *Scope, g *Graph) (mean, axes, variances, noise *Node) {
	s = s.At("pca")
	d := m.problem.Height * m.problem.Width * m.problem.Channels
	get := func(name string, dims ...int) *Node {
		return s.VariableWithShape(name, shapes.Make(dtypes.Float32, dims...)).NodeValue(g)
	}
	return ExpandAxes(get("mean", d), 0), get("axes", m.Latent, d), ExpandAxes(get("variances", m.Latent), 0), ExpandAxes(get("noise", 1), 0)
}

// project returns the codes [n, latent] of x [n, d] on orthonormal axes [latent, d], and the squared length [n] of what they leave.
func project(x, mean, axes *Node) (code, rest *Node) {
	centred := Sub(x, mean)
	code = MatMul(centred, TransposeAllAxes(axes, 1, 0))
	return code, Sub(ReduceSum(Square(centred), -1), ReduceSum(Square(code), -1))
}

// LogDensity implements Density (Tipping & Bishop 1999, equation 4, with Woodbury's identity).
func (m *PCA) LogDensity(s *Scope, x *Node) *Node {
	x = Reshape(x, x.Shape().Dim(0), -1)
	d := float64(x.Shape().Dim(1))
	mean, axes, variances, noise := m.model(s, x.Graph())
	change := ZerosLike(x)
	if m.Pixels == "logit" {
		x, change = logit(x)
	}
	code, rest := project(x, mean, axes)
	quadratic := Add(ReduceSum(Div(Square(code), variances), -1), Div(rest, Reshape(noise)))
	logDet := Add(ReduceAllSum(Log(variances)), MulScalar(Log(Reshape(noise)), d-float64(m.Latent)))
	return Add(MulScalar(AddScalar(Add(quadratic, logDet), d*math.Log(2*math.Pi)), -0.5), ReduceSum(change, -1))
}

// Sample implements Sampler: the mean of p(x|z), clipped to the range of pixels.
func (m *PCA) Sample(s *Scope, z *Node) *Node {
	mean, axes, variances, noise := m.model(s, z.Graph())
	x := Add(MatMul(Mul(z, Sqrt(Max(Sub(variances, noise), ZerosLike(variances)))), axes), mean)
	switch m.Pixels {
	case "binary":
		x = AddScalar(x, -0.5)
	case "logit":
		x = unlogit(x)
	}
	return Reshape(ClipScalar(x, 0, 1), z.Shape().Dim(0), m.problem.Height, m.problem.Width, m.problem.Channels)
}

// Encode implements Encoder: the posterior of z given x; its variance is the same for every x.
func (m *PCA) Encode(s *Scope, x *Node) (mean, logVar *Node) {
	x = Reshape(x, x.Shape().Dim(0), -1)
	mu, axes, variances, noise := m.model(s, x.Graph())
	switch m.Pixels {
	case "binary":
		x = AddScalar(x, 0.5)
	case "logit":
		x, _ = logit(x)
	}
	code := MatMul(Sub(x, mu), TransposeAllAxes(axes, 1, 0))
	mean = Mul(code, Div(Sqrt(Max(Sub(variances, noise), ZerosLike(variances))), variances))
	return mean, Add(ZerosLike(mean), Log(Div(noise, variances)))
}
