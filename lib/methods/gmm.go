package methods

import (
	"fmt"
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// GMM is a mixture of Gaussians in the space of the principal components, by expectation maximisation (Dempster, Laird & Rubin 1977): with c
// the code of x by pca, scaled to unit variances, λ these variances, and r what the code leaves of x in the other directions,
//
//	p(x) = Σₖ πₖ N(c; mₖ, Sₖ) · Π λ^−½ · N(r; 0, σ²)
//
// It is a mixture of probabilistic principal component analysers (Tipping & Bishop 1999, Neural Computation 11(2)) that share their axes and
// their noise; with one component it is pca. Its log-density is exact.
type GMM struct {
	Posed
	Latent     int     `default:"50" range:"1:256" help:"number of principal components"`
	Components int     `default:"20" range:"1:1000" help:"number of Gaussians"`
	Iterations int     `default:"50" range:"1:10000" help:"most iterations of expectation maximisation"`
	Tolerance  float64 `default:"0.01" range:"0:" help:"gain of the mean log-likelihood, in nats, below which they end"`
	Floor      float64 `default:"0.01" range:"0.000001:1" help:"added to the variance of each Gaussian in each direction, as a share of the data's"`
	Pixels     string  `default:"binary" range:"binary|grey" help:"binary: images binarised, plus uniform noise on [0, 1), as pca has it; grey: pixel values as they are"`
}

// axes are the principal components.
func (m *GMM) axes() *PCA { return &PCA{m.Posed, m.Latent, m.Pixels} }

// Pose implements Method.
func (m *GMM) Pose(p Problem) error {
	if err := m.axes().fits("gmm", p); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// Dequantise implements Density.
func (m *GMM) Dequantise() bool { return m.Pixels == "binary" }

// LatentSize implements Sampler: the code, and one value that chooses the Gaussian.
func (m *GMM) LatentSize() int { return m.Latent + 1 }

// Fit implements Fitter. Binary pixels are drawn once for each image, with their noise.
func (m *GMM) Fit(run Runner, x Images) (map[string]Array, error) {
	if x.N < m.Components {
		return nil, fmt.Errorf("gmm: components = %d, but there are only %d training images; use at most %d", m.Components, x.N, x.N)
	}
	vars, err := m.axes().Fit(run, x)
	if err != nil {
		return nil, err
	}
	codes, err := m.codes(run, x, vars)
	if err != nil {
		return nil, err
	}
	mix := newMixture(codes, m.Components, m.Latent)
	if _, err := mix.maximise(run, codes, m.Iterations, m.Tolerance, m.Floor); err != nil {
		return nil, err
	}
	for path, a := range mix.arrays() {
		vars["gmm/"+path] = a
	}
	return vars, nil
}

// codes returns the codes of all images, scaled to unit variances, one after the other.
func (m *GMM) codes(run Runner, x Images, vars map[string]Array) ([]float32, error) {
	const block = 4096
	d := x.Height * x.Width * x.Channels
	project := run.Compile(func(in []*Node) []*Node {
		code, _ := project(in[0], ExpandAxes(in[1], 0), in[2])
		return []*Node{Div(code, Sqrt(ExpandAxes(in[3], 0)))}
	})
	r := rand.New(rand.NewPCG(1, 1))
	codes := make([]float32, 0, x.N*m.Latent)
	pixels := make([]float32, block*d)
	for from := 0; from < x.N; from += block {
		n := min(block, x.N-from)
		for i := range n {
			for j, p := range x.At(from + i) {
				v := float32(p) / 255
				if m.Dequantise() {
					one := r.Float32() < v
					v = r.Float32()
					if one {
						v++
					}
				}
				pixels[i*d+j] = v
			}
		}
		out, err := project(Array{[]int{block, d}, pixels}, vars["pca/mean"], vars["pca/axes"], vars["pca/variances"])
		if err != nil {
			return nil, err
		}
		codes = append(codes, out[0].Data[:n*m.Latent]...)
	}
	return codes, nil
}

// model returns log πₖ [1, k], mₖ [k, latent], the Cholesky factors of Sₖ and their inverses [k, latent, latent].
func (m *GMM) model(s *Scope, g *Graph) (logWeights, means, factors, inverses *Node) {
	s = s.At("gmm")
	get := func(name string, dims ...int) *Node {
		return s.VariableWithShape(name, shapes.Make(dtypes.Float32, dims...)).NodeValue(g)
	}
	k, q := m.Components, m.Latent
	return ExpandAxes(get("log-weights", k), 0), get("means", k, q), get("factors", k, q, q), get("inverses", k, q, q)
}

// LogDensity implements Density.
func (m *GMM) LogDensity(s *Scope, x *Node) *Node {
	x = Reshape(x, x.Shape().Dim(0), -1)
	mean, axes, variances, noise := m.axes().model(s, x.Graph())
	logWeights, means, factors, inverses := m.model(s, x.Graph())
	code, rest := project(x, mean, axes)
	inside := logSumExp(logJoint(Div(code, Sqrt(variances)), logWeights, means, factors, inverses))
	noise = Reshape(noise)
	outside := Add(Div(rest, noise), MulScalar(AddScalar(Log(noise), math.Log(2*math.Pi)), float64(x.Shape().Dim(1)-m.Latent)))
	return Sub(inside, MulScalar(Add(outside, ReduceAllSum(Log(variances))), 0.5))
}

// Sample implements Sampler: an image without the noise r, clipped to the range of pixels.
func (m *GMM) Sample(s *Scope, z *Node) *Node {
	g := z.Graph()
	mean, axes, variances, _ := m.axes().model(s, g)
	logWeights, means, factors, _ := m.model(s, g)
	eps, choice := Slice(z, AxisRange(), AxisRange(0, m.Latent)), Slice(z, AxisRange(), AxisRange(m.Latent))
	chosen := OneHot(pick(choice, Exp(logWeights)), m.Components, dtypes.Float32)
	moved := Einsum("nq,kpq->nkp", eps, factors)
	code := Add(MatMul(chosen, means), ReduceSum(Mul(moved, ExpandAxes(chosen, -1)), 1))
	x := Add(MatMul(Mul(code, Sqrt(variances)), axes), mean)
	if m.Dequantise() {
		x = AddScalar(x, -0.5)
	}
	return Reshape(ClipScalar(x, 0, 1), z.Shape().Dim(0), m.problem.Height, m.problem.Width, m.problem.Channels)
}

// pick chooses, by a standard normal value z [n, 1], one of the classes with the given probabilities [n or 1, classes], for [n] int32: the first whose
// cumulative probability is above Φ(z).
func pick(z, probabilities *Node) *Node {
	u := MulScalar(AddScalar(Erf(MulScalar(z, math.Sqrt2/2)), 1), 0.5)
	classes := probabilities.Shape().Dim(1)
	if classes == 1 {
		return Zeros(z.Graph(), shapes.Make(dtypes.Int32, z.Shape().Dim(0)))
	}
	passed := GreaterOrEqual(u, Slice(CumSum(probabilities, 1), AxisRange(), AxisRange(0, classes-1)))
	return ReduceSum(ConvertDType(passed, dtypes.Int32), 1)
}
