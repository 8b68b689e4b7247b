package methods

import (
	"fmt"
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// mixture is a mixture of k Gaussians over vectors of size q.
type mixture struct {
	k, q        int
	weights     []float64
	means       [][]float64
	covariances []*mat.SymDense
}

// newMixture begins from the data: the means are vectors drawn as k-means++ does it (Arthur & Vassilvitskii 2007), each with a probability in proportion
// to its squared distance from those there are, of up to 10,000 vectors; covariances are 1 and weights equal.
func newMixture(data []float32, k, q int) *mixture {
	f := &mixture{k: k, q: q}
	r := rand.New(rand.NewPCG(1, 2))
	order := r.Perm(len(data) / q)
	order = order[:min(len(order), 10_000)]
	distance := make([]float64, len(order)) // from the nearest mean
	for i := range distance {
		distance[i] = 1
	}
	for i := range k {
		at := order[choose(r, distance)]
		mean, unit := make([]float64, q), mat.NewSymDense(q, nil)
		for j := range q {
			mean[j] = float64(data[at*q+j])
			unit.SetSym(j, j, 1)
		}
		for n, row := range order {
			d := 0.0
			for j, v := range data[row*q : (row+1)*q] {
				d += (float64(v) - mean[j]) * (float64(v) - mean[j])
			}
			if i == 0 || d < distance[n] {
				distance[n] = d
			}
		}
		f.weights, f.means, f.covariances = append(f.weights, 1/float64(k)), append(f.means, mean), append(f.covariances, unit)
	}
	return f
}

// choose draws an index with a probability in proportion to its share.
func choose(r *rand.Rand, shares []float64) int {
	left := r.Float64() * floats.Sum(shares)
	for i, v := range shares {
		if left -= v; left < 0 {
			return i
		}
	}
	return len(shares) - 1
}

// logJoint is log πₖ + log N(c; mₖ, Sₖ) [n, k] for c [n, q], with S = LLᵀ, and factors L and their inverses [k, q, q].
func logJoint(c, logWeights, means, factors, inverses *Node) *Node {
	q := c.Shape().Dim(1)
	k := means.Shape().Dim(0)
	standard := Sub(Einsum("nq,kpq->nkp", c, inverses), ExpandAxes(Einsum("kq,kpq->kp", means, inverses), 0))
	diagonal := Mul(factors, ExpandAxes(ConvertDType(Diagonal(c.Graph(), q), c.DType()), 0))
	logDet := ReduceSum(Log(ReduceSum(diagonal, -1)), -1)
	constant := AddScalar(Reshape(logDet, 1, k), float64(q)/2*math.Log(2*math.Pi))
	return Sub(Sub(logWeights, constant), MulScalar(ReduceSum(Square(standard), -1), 0.5))
}

// logSumExp is log Σ exp(v) over the last axis, without overflow.
func logSumExp(v *Node) *Node {
	most := StopGradient(ReduceAndKeep(v, ReduceMax, -1))
	return Add(Log(ReduceSum(Exp(Sub(v, most)), -1)), Squeeze(most, -1))
}

// maximise iterates expectation maximisation until the mean log-likelihood of the data gains less than tolerance, and returns its value before
// each iteration, in nats. It never falls, but for what floor, added to the variances, takes.
func (f *mixture) maximise(run Runner, data []float32, iterations int, tolerance, floor float64) ([]float64, error) {
	n := len(data) / f.q
	block := max(64, min(4096, 1<<22/(f.k*f.q)))
	expect := run.Compile(func(in []*Node) []*Node {
		c, counts := in[0], in[1]
		joint := logJoint(c, ExpandAxes(in[2], 0), in[3], in[4], in[5])
		likelihood := logSumExp(joint)
		shares := Mul(Exp(Sub(joint, ExpandAxes(likelihood, -1))), ExpandAxes(counts, -1)) // [n, k]
		weighed := Mul(ExpandAxes(shares, -1), ExpandAxes(c, 1))                           // [n, k, q]
		return []*Node{
			ReduceSum(Mul(likelihood, counts), 0), ReduceSum(shares, 0), ReduceSum(weighed, 0), Einsum("nkp,nq->kpq", weighed, c),
		}
	})
	var history []float64
	rows, counts := make([]float32, block*f.q), make([]float32, block)
	for range iterations {
		p := f.arrays()
		sums := [4][]float64{}
		for from := 0; from < n; from += block {
			have := min(block, n-from)
			copy(rows, data[from*f.q:(from+have)*f.q])
			for i := range counts {
				counts[i] = 0
				if i < have {
					counts[i] = 1
				}
			}
			out, err := expect(Array{[]int{block, f.q}, rows}, Array{[]int{block}, counts}, p["log-weights"], p["means"], p["factors"], p["inverses"])
			if err != nil {
				return nil, err
			}
			for i, a := range out {
				if sums[i] == nil {
					sums[i] = make([]float64, len(a.Data))
				}
				for j, v := range a.Data {
					sums[i][j] += float64(v)
				}
			}
		}
		history = append(history, sums[0][0]/float64(n))
		if err := f.update(sums[1], sums[2], sums[3], n, floor); err != nil {
			return nil, err
		}
		if last := len(history) - 1; last > 0 && history[last]-history[last-1] < tolerance {
			break
		}
	}
	return history, nil
}

// update sets the parameters from the sums over the data of the shares of each Gaussian, [k], times the vectors, [k, q], and their squares, [k, q, q].
// A Gaussian that has less than one vector stays as it is.
func (f *mixture) update(shares, first, second []float64, n int, floor float64) error {
	q := f.q
	for k, share := range shares {
		f.weights[k] = math.Max(share, 1e-6) / float64(n)
		if share < 1 {
			continue
		}
		mean, cov := make([]float64, q), mat.NewSymDense(q, nil)
		for i := range q {
			mean[i] = first[k*q+i] / share
		}
		for i := range q {
			for j := i; j < q; j++ {
				v := second[(k*q+i)*q+j]/share - mean[i]*mean[j]
				if i == j {
					v += floor
				}
				cov.SetSym(i, j, v)
			}
		}
		var c mat.Cholesky
		if !c.Factorize(cov) {
			return fmt.Errorf("gmm: the covariance of Gaussian %d became singular; raise floor above %g, or use fewer components", k, floor)
		}
		f.means[k], f.covariances[k] = mean, cov
	}
	return nil
}

// arrays are the parameters as model wants them.
func (f *mixture) arrays() map[string]Array {
	k, q := f.k, f.q
	weights, means := make([]float32, k), make([]float32, 0, k*q)
	factors, inverses := make([]float32, k*q*q), make([]float32, k*q*q)
	for i := range k {
		weights[i] = float32(math.Log(f.weights[i]))
		for _, v := range f.means[i] {
			means = append(means, float32(v))
		}
		var c mat.Cholesky
		c.Factorize(f.covariances[i]) // update has seen that it can be
		var l, inverse mat.TriDense
		c.LTo(&l)
		if err := inverse.InverseTri(&l); err != nil {
			panic(err)
		}
		for r := range q {
			for j := range r + 1 {
				factors[(i*q+r)*q+j], inverses[(i*q+r)*q+j] = float32(l.At(r, j)), float32(inverse.At(r, j))
			}
		}
	}
	return map[string]Array{
		"log-weights": {[]int{k}, weights}, "means": {[]int{k, q}, means},
		"factors": {[]int{k, q, q}, factors}, "inverses": {[]int{k, q, q}, inverses},
	}
}
