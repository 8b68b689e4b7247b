package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// blocks are functions of images whose first and second derivatives must be right.
var blocks = map[string]func(s *nn.Scope, x *Node) *Node{
	"pad zero":              func(_ *nn.Scope, x *Node) *Node { return nn.PadImage(x, 2, nn.PadZero) },
	"pad reflect":           func(_ *nn.Scope, x *Node) *Node { return nn.PadImage(x, 2, nn.PadReflect) },
	"pad replicate":         func(_ *nn.Scope, x *Node) *Node { return nn.PadImage(x, 2, nn.PadReplicate) },
	"crop":                  func(_ *nn.Scope, x *Node) *Node { return nn.CropImage(x, 1) },
	"nearest":               func(_ *nn.Scope, x *Node) *Node { return nn.Upsample(x, 2, nn.Nearest) },
	"bilinear":              func(_ *nn.Scope, x *Node) *Node { return nn.Resize(x, 3, 7, nn.Bilinear, true) },
	"bicubic":               func(_ *nn.Scope, x *Node) *Node { return nn.Resize(x, 2, 3, nn.Bicubic, true) },
	"pixel shuffle":         func(_ *nn.Scope, x *Node) *Node { return nn.PixelShuffle(x, 2) },
	"pixel unshuffle":       func(_ *nn.Scope, x *Node) *Node { return nn.PixelUnshuffle(x, 2) },
	"group norm":            func(s *nn.Scope, x *Node) *Node { return nn.GroupNorm(s, x, 2, 1e-3) },
	"instance norm":         func(s *nn.Scope, x *Node) *Node { return nn.InstanceNorm(s, x, 1e-3) },
	"layer norm":            func(s *nn.Scope, x *Node) *Node { return nn.LayerNorm(s, x, 1e-3) },
	"max pool":              func(_ *nn.Scope, x *Node) *Node { return nn.MaxPoolBlocks(x, 2) },
	"nearest resize":        func(_ *nn.Scope, x *Node) *Node { return nn.Resize(x, 3, 5, nn.Nearest, false) },
	"bilinear up":           func(_ *nn.Scope, x *Node) *Node { return nn.Upsample(x, 2, nn.Bilinear) },
	"bicubic, no antialias": func(_ *nn.Scope, x *Node) *Node { return nn.Resize(x, 3, 2, nn.Bicubic, false) },
	"resize conv": func(s *nn.Scope, x *Node) *Node {
		return nn.ResizeConv(s, x, 2, nn.Nearest, nn.ConvConfig{Filters: 2, Kernel: 3, Stride: 2, Init: waves})
	},
	"conv": func(s *nn.Scope, x *Node) *Node {
		return nn.Conv(s, x, nn.ConvConfig{Filters: 2, Kernel: 3, Groups: 2, Init: waves})
	},
	"avg pool":         func(_ *nn.Scope, x *Node) *Node { return nn.AvgPool(x, 3, 2, nn.Same) },
	"avg pool valid":   func(_ *nn.Scope, x *Node) *Node { return nn.AvgPool(x, 2, 1, nn.Valid) },
	"avg pool reflect": func(_ *nn.Scope, x *Node) *Node { return nn.AvgPool(x, 3, 1, nn.PadReflect) },
	"avg pool blocks":  func(_ *nn.Scope, x *Node) *Node { return nn.AvgPool(x, 2, 2, nn.Valid) },
	"global avg pool":  func(_ *nn.Scope, x *Node) *Node { return nn.GlobalAvgPool(x) },
	"dense":            func(s *nn.Scope, x *Node) *Node { return nn.Dense(s, nn.Flatten(x), 3, waves) },
	"ssim":             func(_ *nn.Scope, x *Node) *Node { return nn.SSIM(x, MulScalar(Sin(x), 0.8)) },
	"feature distance": func(_ *nn.Scope, x *Node) *Node {
		y := AddScalar(Sin(x), 0.2)
		return nn.FeatureDistance([]*Node{x, Square(x)}, []*Node{y, y}, []*Node{Const(x.Graph(), []float64{1, 0, 2, 3}), Const(x.Graph(), []float64{1, 1, 1, 0.5})})
	},
	"categorical": func(_ *nn.Scope, x *Node) *Node {
		x = Reshape(x, 8, 8)
		return nn.CategoricalLogits(Softmax(Cos(x)), x, 0.1)
	},
	"kl of gaussians": func(_ *nn.Scope, x *Node) *Node {
		p := quarters(x)
		return nn.KLGaussians(p[0], p[1], p[2], p[3])
	},
	"gaussian nll": func(_ *nn.Scope, x *Node) *Node { p := quarters(x); return nn.GaussianNLL(p[0], p[1], p[2]) },
	"discretised logistic": func(_ *nn.Scope, x *Node) *Node {
		p := quarters(x)
		return nn.DiscretizedLogistic(MulScalar(ConvertDType(Iota(x.Graph(), shapes.Make(dtypes.Int32, 1, 4, 4, 1), 2), dtypes.Float64), 1.0/3), p[0], p[1], 4)
	},
	"huber":       func(_ *nn.Scope, x *Node) *Node { p := quarters(x); return nn.Huber(p[0], p[1], 0.7) },
	"charbonnier": func(_ *nn.Scope, x *Node) *Node { p := quarters(x); return nn.Charbonnier(p[0], p[1], 0.1) },
	"label smoothing": func(_ *nn.Scope, x *Node) *Node {
		p := quarters(x)
		return nn.LabelSmoothing(0.1).Discriminator(p[0], p[1])
	},
	"elu": func(_ *nn.Scope, x *Node) *Node { return nn.ELU(x) },
}

// sizes are of images for blocks that need others than [1, 4, 4, 4].
var sizes = map[string][]int{"ssim": {1, 12, 11, 1}}

// quarters are the channels of x one by one; GoMLX's Slice has no second derivative.
func quarters(x *Node) []*Node {
	parts := make([]*Node, 4)
	for i := range parts {
		one := make([]float64, 4)
		one[i] = 1
		parts[i] = ReduceAndKeep(Mul(x, ExpandLeftToRank(Const(x.Graph(), one), 4)), ReduceSum, 3)
	}
	return parts
}

// waves are weights that are no constant.
func waves(g *Graph, shape shapes.Shape) *Node {
	n := ConvertDType(Iota(g, shapes.Make(dtypes.Int32, shape.Size()), 0), dtypes.Float64)
	return Reshape(Sin(AddScalar(MulScalar(n, 0.7), 0.2)), shape.Dimensions...)
}

// TestBlocks compares the gradients of Σ a∘block(x)², and of Σ b∘that gradient, with central differences.
func TestBlocks(t *testing.T) {
	backend := xlatest.Backend(t)
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 1))
			dims := []int{1, 4, 4, 4}
			if d, ok := sizes[name]; ok {
				dims = d
			}
			x, b := random(r, dims...), random(r, dims...)
			exec := model.MustNewExec(backend, model.NewStore(), func(s *model.Scope, in []*Node) []*Node {
				y := block(s, in[0])
				a := Sin(AddScalar(ConvertDType(Iota(y.Graph(), shapes.Make(dtypes.Float64, y.Shape().Size()), 0), dtypes.Float64), 1))
				first := ReduceAllSum(Mul(ReshapeWithShape(a, y.Shape()), Square(y)))
				gradient := Gradient(first, in[0])[0]
				second := ReduceAllSum(Mul(gradient, in[1]))
				return []*Node{first, gradient, second, Gradient(second, in[0])[0]}
			})
			run := func(x array) []*tensors.Tensor { return exec.MustCall(x.tensor(), b.tensor()) }
			value := func(k int) func(x array) float64 {
				return func(x array) float64 { return tensors.ToScalar[float64](run(x)[k]) }
			}
			out := run(x)
			near(t, "first derivative", flat64(out[1]), slope(value(0), x).v, 1e-6)
			near(t, "second derivative", flat64(out[3]), slope(value(2), x).v, 1e-5)
		})
	}
}

// TestResizeMatrix holds against MATLAB's documented behaviour: rows sum to 1, halving by bicubic with antialiasing has the
// eight weights of Keys' kernel stretched by two, and the edges are mirrored.
func TestResizeMatrix(t *testing.T) {
	keys := func(t float64) float64 {
		t = math.Abs(t)
		if t <= 1 {
			return 1.5*t*t*t - 2.5*t*t + 1
		}
		return -0.5*t*t*t + 2.5*t*t - 4*t + 2
	}
	m := nn.ResizeMatrix(16, 8, nn.Bicubic, true)
	var want []float64 // of output 4, whose centre lies at 8.5
	for j := range 16 {
		if d := math.Abs(8.5-float64(j)) / 2; d < 2 {
			want = append(want, keys(d)/2)
		} else {
			want = append(want, 0)
		}
	}
	near(t, "halving", m[4*16:5*16], want, 1e-12)
	for i := range 8 {
		sum := 0.0
		for _, w := range m[i*16 : (i+1)*16] {
			sum += w
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("row %d sums to %v", i, sum)
		}
	}
	// Bilinear doubling: 3/4 and 1/4, and at the edge the mirrored pixel is the edge itself.
	near(t, "doubling", nn.ResizeMatrix(2, 4, nn.Bilinear, false), []float64{1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1}, 1e-12)
	near(t, "as it is", nn.ZoomMatrix(3, 1, 0), []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}, 1e-12)
	near(t, "moved by a pixel", nn.ZoomMatrix(3, 1, 2./3), []float64{1, 0, 0, 1, 0, 0, 0, 1, 0}, 1e-12)
	near(t, "one pixel", nn.ZoomMatrix(1, 2, 0.5), []float64{1}, 1e-12)
	near(t, "nearest", nn.ResizeMatrix(2, 4, nn.Nearest, false), []float64{1, 0, 1, 0, 0, 1, 0, 1}, 1e-12)
}

// TestPixelShuffle numbers the channels as PyTorch's documentation does.
func TestPixelShuffle(t *testing.T) {
	exec := MustNewExec(xlatest.Backend(t), func(x *Node) []*Node {
		y := nn.PixelShuffle(x, 2)
		return []*Node{y, nn.PixelUnshuffle(y, 2)}
	})
	x := zeros(1, 1, 2, 8)
	for i := range x.v {
		x.v[i] = float64(i)
	}
	out := exec.MustCall(x.tensor())
	// channel c·4 + i·2 + j of pixel (0, w) goes to row i, column 2w + j, channel c
	near(t, "shuffled", flat64(out[0]), []float64{0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15}, 0)
	near(t, "and back", flat64(out[1]), x.v, 0)
}

// TestSpectralNorm repeats the power iteration until the weight's largest singular value is 1.
func TestSpectralNorm(t *testing.T) {
	store := model.NewStore()
	exec := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, w *Node) *Node {
		store.SetTraining(w.Graph(), true)
		return nn.SpectralNorm(s, w)
	})
	// diag(3, 2) turned: singular values 3 and 2 whatever the rotation
	c, s := math.Cos(0.7), math.Sin(0.7)
	w := array{[]int{2, 2}, []float64{3 * c, -3 * s, 2 * s, 2 * c}}
	var out []float64
	for range 60 {
		out = flat64(exec.MustCall(w.tensor())[0])
	}
	want := make([]float64, 4)
	for i := range want {
		want[i] = w.v[i] / 3
	}
	near(t, "weight over its norm", out, want, 1e-9)
}

// TestPenalties takes second derivatives of critics whose gradients are known: for D(x) = ½ a·‖x‖² + bᵀx the gradient is a·x + b.
func TestPenalties(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	real, fake, b := random(r, 2, 2, 2, 1), random(r, 2, 2, 2, 1), random(r, 1, 2, 2, 1)
	const a, u = 0.7, 0.3
	exec := MustNewExec(xlatest.Backend(t), func(in []*Node) []*Node {
		scale := in[3]
		critic := func(x *Node) *Node {
			return Add(MulScalar(Mul(scale, ReduceSum(Square(x), 1, 2, 3)), 0.5), ReduceSum(Mul(x, in[2]), 1, 2, 3))
		}
		mix := AddScalar(ZerosLike(in[0]), u)
		gp, r1 := nn.GradientPenalty(critic, in[0], in[1], mix), nn.R1(critic, in[0])
		return []*Node{gp, r1, Gradient(gp, scale)[0], Gradient(r1, scale)[0]}
	})
	out := exec.MustCall(real.tensor(), fake.tensor(), b.tensor(), a)
	value := func(a float64) (gp, r1 float64) {
		for n := range 2 {
			mixed, pure := 0.0, 0.0
			for i := range 4 {
				x := real.v[4*n+i]
				m := u*x + (1-u)*fake.v[4*n+i]
				mixed += (a*m + b.v[i]) * (a*m + b.v[i])
				pure += (a*x + b.v[i]) * (a*x + b.v[i])
			}
			gp += (math.Sqrt(mixed) - 1) * (math.Sqrt(mixed) - 1) / 2
			r1 += pure / 4
		}
		return gp, r1
	}
	gp, r1 := value(a)
	const h = 1e-5
	gpUp, r1Up := value(a + h)
	gpDown, r1Down := value(a - h)
	for i, want := range []float64{gp, r1, (gpUp - gpDown) / (2 * h), (r1Up - r1Down) / (2 * h)} {
		near(t, "penalty", flat64(out[i]), []float64{want}, 1e-6)
	}
}

// TestAdversarialLosses compares each game with its formula on probabilities or scores, and holds it finite at extreme logits.
func TestAdversarialLosses(t *testing.T) {
	logSigmoid := func(v float64) float64 { return -math.Log1p(math.Exp(-v)) }
	mean := func(v []float64, f func(float64) float64) float64 {
		s := 0.0
		for _, x := range v {
			s += f(x) / float64(len(v))
		}
		return s
	}
	formulas := map[string][2]func(real, fake []float64) float64{
		"non-saturating": {
			func(r, f []float64) float64 {
				return -mean(r, logSigmoid) - mean(f, func(v float64) float64 { return logSigmoid(-v) })
			},
			func(_, f []float64) float64 { return -mean(f, logSigmoid) },
		},
		"minimax": {
			func(r, f []float64) float64 {
				return -mean(r, logSigmoid) - mean(f, func(v float64) float64 { return logSigmoid(-v) })
			},
			func(_, f []float64) float64 { return mean(f, func(v float64) float64 { return logSigmoid(-v) }) },
		},
		"least-squares": {
			func(r, f []float64) float64 {
				return mean(r, func(v float64) float64 { return (v - 1) * (v - 1) / 2 }) + mean(f, func(v float64) float64 { return v * v / 2 })
			},
			func(_, f []float64) float64 { return mean(f, func(v float64) float64 { return (v - 1) * (v - 1) / 2 }) },
		},
		"hinge": {
			func(r, f []float64) float64 {
				return mean(r, func(v float64) float64 { return math.Max(0, 1-v) }) + mean(f, func(v float64) float64 { return math.Max(0, 1+v) })
			},
			func(_, f []float64) float64 { return -mean(f, func(v float64) float64 { return v }) },
		},
		"wasserstein": {
			func(r, f []float64) float64 {
				id := func(v float64) float64 { return v }
				return mean(f, id) - mean(r, id)
			},
			func(_, f []float64) float64 { return -mean(f, func(v float64) float64 { return v }) },
		},
	}
	if len(formulas) != len(nn.AdversarialLosses) {
		t.Fatalf("%d games, %d formulas", len(nn.AdversarialLosses), len(formulas))
	}
	real, fake, extreme := []float64{0.5, -2, 3}, []float64{-1, 0.25, 2}, []float64{-500, 500, 0}
	for _, game := range nn.AdversarialLosses {
		exec := MustNewExec(xlatest.Backend(t), func(in []*Node) []*Node {
			d, g := game.Discriminator(in[0], in[1]), game.Generator(in[1])
			return append([]*Node{d, g}, Gradient(Add(d, g), in...)...)
		})
		out := exec.MustCall(real, fake)
		near(t, game.Name+" discriminator", flat64(out[0]), []float64{formulas[game.Name][0](real, fake)}, 1e-12)
		near(t, game.Name+" generator", flat64(out[1]), []float64{formulas[game.Name][1](real, fake)}, 1e-12)
		for _, o := range exec.MustCall(extreme, extreme) {
			for _, v := range flat64(o) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s at extreme logits: %v", game.Name, v)
				}
			}
		}
	}
}
