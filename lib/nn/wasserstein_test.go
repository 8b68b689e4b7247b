package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// assignment is the least mean of cost[i][match(i)] over all one-to-one matches, by the Hungarian method with potentials: rows are matched one by one,
// each along the shortest augmenting path. It takes n³ steps.
func assignment(cost [][]float64) float64 {
	n := len(cost)
	u, v := make([]float64, n+1), make([]float64, n+1) // potentials of rows and columns, from 1
	row, before := make([]int, n+1), make([]int, n+1)  // the row that a column is matched to, and the column before it on the path
	for i := 1; i <= n; i++ {
		row[0] = i
		least, done := slices.Repeat([]float64{math.Inf(1)}, n+1), make([]bool, n+1)
		j := 0
		for row[j] != 0 {
			done[j] = true
			next, delta := 0, math.Inf(1)
			for k := 1; k <= n; k++ {
				if done[k] {
					continue
				}
				if c := cost[row[j]-1][k-1] - u[row[j]] - v[k]; c < least[k] {
					least[k], before[k] = c, j
				}
				if least[k] < delta {
					next, delta = k, least[k]
				}
			}
			for k := range done {
				if done[k] {
					u[row[k]] += delta
					v[k] -= delta
				} else {
					least[k] -= delta
				}
			}
			j = next
		}
		for j != 0 {
			row[j] = row[before[j]]
			j = before[j]
		}
	}
	sum := 0.0
	for j := 1; j <= n; j++ {
		sum += cost[row[j]-1][j-1]
	}
	return sum / float64(n)
}

// mixture is n points [n, 2] of Gaussians of deviation 0.2 around the corners of a square, at the distance radius from the origin.
func mixture(r *rand.Rand, n int, radius float64) [][2]float64 {
	points := make([][2]float64, n)
	for i := range points {
		angle := math.Pi / 2 * float64(i%4)
		points[i] = [2]float64{radius*math.Cos(angle) + 0.2*r.NormFloat64(), radius*math.Sin(angle) + 0.2*r.NormFloat64()}
	}
	return points
}

// TestCriticIsWasserstein trains a critic by WGAN-GP's loss between two fixed sets of points, from mixtures of four Gaussians, and holds it against the
// exact Wasserstein-1 distance W of the sets, by optimal assignment. The penalty is soft: a critic of slope s gains sW − λ(s − 1)², which is most
// at s = 1 + W/2λ, and is W + W²/4λ there.
func TestCriticIsWasserstein(t *testing.T) {
	const n, steps, width, lambda = 256, 800, 64, 10
	r := rand.New(rand.NewPCG(1, 2))
	real, fake := mixture(r, n, 3), mixture(r, n, 1)
	cost := make([][]float64, n)
	for i := range cost {
		for _, f := range fake {
			cost[i] = append(cost[i], math.Hypot(real[i][0]-f[0], real[i][1]-f[1]))
		}
	}
	want := assignment(cost)

	flat := func(points [][2]float64) *tensors.Tensor {
		var v []float32
		for _, p := range points {
			v = append(v, float32(p[0]), float32(p[1]))
		}
		return tensors.FromFlatDataAndDimensions(v, len(points), 1, 1, 2)
	}
	store := model.NewStore()
	exec := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, real, fake *Node) (loss, distance, slope *Node) {
		critic := func(x *Node) *Node {
			s := s.At("critic")
			x = nn.Flatten(x)
			for i := range 3 {
				layer := s.At("hidden%d", i+1)
				x = nn.LeakyReLU(nn.Dense(layer, x, width, nn.He(layer)), 0.2)
			}
			return nn.Linear(s.At("out"), x, 1, nn.Glorot(s))
		}
		game := nn.AdversarialLosses[slices.IndexFunc(nn.AdversarialLosses, func(l nn.AdversarialLoss) bool { return l.Name == "wasserstein" })]
		onReal, onFake := critic(real), critic(fake)
		u := s.RandomUniform(real.Graph(), shapes.Make(real.DType(), n, 1, 1, 1))
		loss = Add(game.Discriminator(onReal, onFake), MulScalar(nn.GradientPenalty(critic, real, fake, u), lambda))
		var vars []*model.Variable
		var values []*Node
		for v := range s.Store().IterVariables() {
			if v.Trainable && v.Shape().DType.IsFloat() {
				vars, values = append(vars, v), append(values, v.NodeValue(real.Graph()))
			}
		}
		nn.Adam{LearningRate: 0.003, Beta1: 0.5, Beta2: 0.9, Decay: 0.5}.Update(s.Store(), "critic", steps, vars, Gradient(loss, values...))
		at := real
		gradient := Gradient(ReduceAllSum(critic(at)), at)[0]
		return loss, Sub(ReduceAllMean(onReal), ReduceAllMean(onFake)), ReduceAllMean(Sqrt(ReduceSum(Square(nn.Flatten(gradient)), -1)))
	})
	x := flat(real)
	var gain, distance, slope float64 // gain is minus the loss
	const last = 100
	for step := range steps {
		r.Shuffle(n, func(i, j int) { fake[i], fake[j] = fake[j], fake[i] }) // the penalty's pairs are drawn anew
		out := exec.MustCall(x, flat(fake))
		if step >= steps-last {
			gain -= float64(tensors.ToScalar[float32](out[0])) / last
			distance += float64(tensors.ToScalar[float32](out[1])) / last
			slope += float64(tensors.ToScalar[float32](out[2])) / last
		}
	}
	if soft := want + want*want/4/lambda; math.Abs(gain-soft) > 0.03*want {
		t.Errorf("the critic's loss is %.4f: the sets are %.4f apart, so that it should come to %.4f", -gain, want, -soft)
	}
	if math.Abs(distance/slope-want) > 0.03*want {
		t.Errorf("the critic says %.4f at slope %.4f, which makes %.4f; the sets are %.4f apart", distance, slope, distance/slope, want)
	}
}

// TestAssignment: a set and its translation are as far apart as the translation is long, whatever the order of the points.
func TestAssignment(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	points := mixture(r, 60, 1)
	moved := slices.Clone(points)
	r.Shuffle(len(moved), func(i, j int) { moved[i], moved[j] = moved[j], moved[i] })
	cost := make([][]float64, len(points))
	for i, p := range points {
		for _, q := range moved {
			cost[i] = append(cost[i], math.Hypot(p[0]-q[0]-0.3, p[1]-q[1]-0.4))
		}
	}
	if got := assignment(cost); math.Abs(got-0.5) > 1e-12 {
		t.Errorf("moved by 0.5: W = %g", got)
	}
}
