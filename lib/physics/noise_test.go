package physics_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics_test.go

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// draws are the measurements of a picture of one grey, on the host and in a graph.
func draws(t *testing.T, op physics.Operator, grey float32, n int) map[string][]float32 {
	t.Helper()
	host := slices.Repeat([]float32{grey}, n)
	physics.Corrupt(op, rand.New(rand.NewPCG(4, 7)), lab.Image{Height: n / 100, Width: 100, Channels: 1, Pix: host})
	graph := model.MustCallOnce(xlatest.Backend(t), seeded(t), func(s *model.Scope, x *Node) *Node { return physics.DrawNoise(op, s, x) },
		tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{grey}, n), 1, n/100, 100, 1))
	return map[string][]float32{"host": host, "graph": tensors.MustCopyFlatData[float32](graph)}
}

// TestNoise: mean, variance and third moment, on the host and in a graph, against those of the distribution, within five of their own
// deviations.
func TestNoise(t *testing.T) {
	const n = 40000
	for name, want := range map[string]struct {
		grey                 float32
		mean, variance, skew float64
	}{
		"denoise25":           {0.5, 0.5, 625. / 65025, 0},
		"poisson1":            {0.5, 0.5, 0.5, math.Sqrt(2)},
		"poisson30":           {0.5, 0.5, 0.5 / 30, 1 / math.Sqrt(15)},
		"poisson200":          {0.9, 0.9, 0.9 / 200, 1 / math.Sqrt(180)}, // in four parts
		"poisson20+denoise51": {0.4, 0.4, 0.4/20 + 0.04, 0.4 / 400 / math.Pow(0.4/20+0.04, 1.5)},
		// ¾ stays 0.4, an eighth becomes 0, an eighth 1: moments by hand
		"salt25": {0.4, 0.425, 0.75*0.16 + 0.125 - 0.425*0.425, 0},
	} {
		op, err := physics.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		for where, y := range draws(t, op, want.grey, n) {
			var mean, variance, third float64
			for _, v := range y {
				mean += float64(v) / n
			}
			for _, v := range y {
				d := float64(v) - mean
				variance += d * d / n
				third += d * d * d / n
			}
			skew := third / math.Pow(variance, 1.5)
			if math.Abs(mean-want.mean) > 5*math.Sqrt(want.variance/n) || math.Abs(variance/want.variance-1) > 0.06 {
				t.Errorf("%s on the %s: mean %g, variance %g; want %g and %g", name, where, mean, variance, want.mean, want.variance)
			}
			if name != "salt25" && math.Abs(skew-want.skew) > 0.12 {
				t.Errorf("%s on the %s: skewness %g, want %g", name, where, skew, want.skew)
			}
		}
	}
}

// TestPoissonCounts: the shares of 0, 1, 2 … photons are e^−λ λᵏ / k!.
func TestPoissonCounts(t *testing.T) {
	const n, rate = 40000, 1.5
	for where, y := range draws(t, physics.Poisson{Peak: 3}, rate/3, n) {
		shares := map[int]float64{}
		for _, v := range y {
			k := math.Round(float64(v) * 3)
			if math.Abs(k-float64(v)*3) > 1e-5 {
				t.Fatalf("%s: %g is no number of photons over 3", where, v)
			}
			shares[int(k)] += 1. / n
		}
		p := math.Exp(-rate)
		for k := range 8 {
			if math.Abs(shares[k]-p) > 5*math.Sqrt(p/n) {
				t.Errorf("%s: %d photons in %.5f of the pixels, want %.5f", where, k, shares[k], p)
			}
			p *= rate / float64(k+1)
		}
	}
}

// TestBlind: each picture has its own deviation within the range, and Level finds it.
func TestBlind(t *testing.T) {
	op := physics.Blind{Low: 5. / 255, High: 55. / 255}
	const b, side = 6, 64
	out := model.MustCallOnceN(xlatest.Backend(t), seeded(t), func(s *model.Scope, x *Node) []*Node {
		y := physics.DrawNoise(op, s, x)
		return []*Node{y, physics.Level(op, y)}
	}, tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{0.5}, b*side*side), b, side, side, 1))
	y, level := tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
	smallest, largest := 1., 0.
	for i := range b {
		sum := 0.0
		for _, v := range y[i*side*side : (i+1)*side*side] {
			sum += math.Pow(float64(v)-0.5, 2)
		}
		sigma := math.Sqrt(sum / side / side)
		smallest, largest = min(smallest, sigma), max(largest, sigma)
		if sigma < op.Low*0.9 || sigma > op.High*1.1 || math.Abs(float64(level[i])/sigma-1) > 0.15 {
			t.Errorf("picture %d: deviation %g, Level says %g", i, sigma, level[i])
		}
	}
	if largest < 1.2*smallest {
		t.Errorf("all pictures have deviations from %g to %g", smallest, largest)
	}
	if want := math.Sqrt((25 + 275 + 3025) / 3. / 65025); math.Abs(op.Sigma()-want) > 1e-12 {
		t.Errorf("Sigma is %g, want %g", op.Sigma(), want)
	}
}

// TestLevel of noise that depends on the picture: that of the picture's own mean.
func TestLevel(t *testing.T) {
	op := physics.With{Operator: physics.Poisson{Peak: 20}, Noise: physics.Noise{Deviation: 0.1}}
	got := apply(t, slices.Repeat([]float32{0.25, 0.75}, 50), 10, 10, func(y *Node) *Node { return physics.Level(op, y) })
	near(t, "Poisson and Gaussian", got, math.Sqrt(0.5/20+0.01))
}
