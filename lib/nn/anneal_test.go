package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // as in the package

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// TestAnneal measures a linear decoder, x = Wz + b + σε, whose log p(x) is that of a Gaussian of covariance WWᵀ + σ².
func TestAnneal(t *testing.T) {
	const latent, size, chains, steps, sigma = 2, 3, 200, 400, 0.3
	w := [][]float32{{1, 0.5, -0.7}, {-0.4, 0.9, 0.2}} // [latent, size]
	b, x := []float32{0.1, -0.2, 0.3}, []float32{1.4, -0.6, -1.1}
	likelihood := func(z *Node) *Node {
		g := z.Graph()
		mean := Add(MatMul(z, Const(g, w)), ExpandLeftToRank(Const(g, b), 2))
		residual := DivScalar(Sub(ExpandLeftToRank(Const(g, x), 2), mean), sigma)
		return AddScalar(MulScalar(ReduceSum(Square(residual), -1), -0.5), -size*math.Log(sigma*math.Sqrt(2*math.Pi)))
	}
	step := MustNewExec(xlatest.Backend(t), func(in []*Node) []*Node {
		next, weight, accepted := nn.Anneal{LogLikelihood: likelihood, Leapfrog: 4}.Step(in[0], in[1], in[2], in[3], in[4], in[5])
		return []*Node{next, weight, accepted}
	})
	r := rand.New(rand.NewPCG(1, 2))
	normal := func() [][]float32 {
		z := make([][]float32, chains)
		for i := range z {
			z[i] = []float32{float32(r.NormFloat64()), float32(r.NormFloat64())}
		}
		return z
	}
	var z any = normal()
	weights, chance, stride, share := make([]float64, chains), make([]float32, chains), 0.3, 0.0
	beta := nn.AnnealSchedule(steps)
	if beta[0] != 0 || beta[steps] != 1 || math.Abs(beta[steps/2]-0.5) > 1e-12 {
		t.Fatalf("the schedule is %v", beta)
	}
	for k := 1; k <= steps; k++ {
		for i := range chance {
			chance[i] = r.Float32()
		}
		out, err := step.Call(z, normal(), chance, float32(beta[k-1]), float32(beta[k]), float32(stride))
		if err != nil {
			t.Fatal(err)
		}
		z = out[0]
		for i, v := range out[1].Value().([]float32) {
			weights[i] += float64(v)
		}
		accepted := float64(out[2].Value().(float32))
		stride = nn.AnnealStride(stride, accepted)
		if k > steps/2 {
			share += accepted / (steps / 2)
		}
	}
	if share < 0.5 || share > 0.8 {
		t.Errorf("the second half accepts %.2f of its proposals, not about 0.65", share)
	}
	covariance := mat.NewSymDense(size, nil)
	mean, at := make([]float64, size), make([]float64, size)
	for i := range size {
		mean[i], at[i] = float64(b[i]), float64(x[i])
		for j := i; j < size; j++ {
			v := 0.0
			for k := range latent {
				v += float64(w[k][i]) * float64(w[k][j])
			}
			if i == j {
				v += sigma * sigma
			}
			covariance.SetSym(i, j, v)
		}
	}
	gaussian, ok := distmv.NewNormal(mean, covariance, nil)
	if !ok {
		t.Fatal("the covariance is not positive")
	}
	want := gaussian.LogProb(at)
	got := floats.LogSumExp(weights) - math.Log(chains)
	if math.Abs(got-want) > 0.05 {
		t.Errorf("log p(x) is %.4f nats, want %.4f", got, want)
	}
	t.Logf("annealed %.4f, exact %.4f", got, want)
}
