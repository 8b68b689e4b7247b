package nn_test

import (
	"math"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestOptimizers minimises ½cw² + sin w over two variables of 3 and 2 weights with each optimizer, and compares the weights after 3 and 8 steps,
// the learning rates and the norms with those of PyTorch 2.15 in float64: torch.optim.Adam, AdamW, RMSprop and SGD; clip_grad_norm_ and
// clip_grad_value_; CosineAnnealingLR, StepLR, LambdaLR (the linear decay, and the warm-up before the cosine by SequentialLR).
func TestOptimizers(t *testing.T) {
	const steps = 8
	constant := func(rate float64) []float64 { return []float64{rate, rate, rate, rate, rate, rate, rate, rate} }
	for _, c := range []struct {
		name         string
		optimizer    nn.Optimizer
		third, last  []float64
		rates, norms []float64
	}{
		{"adam", nn.Adam{LearningRate: 0.1},
			[]float64{0.70014045, -1.70068027, 0.199745164, 3.70037139, -0.548451742},
			[]float64{0.204506771, -1.21365013, -0.301795973, 3.20668293, -1.00231602},
			nil, nil},
		{"adamw", nn.Adam{LearningRate: 0.1, UpdateConfig: nn.UpdateConfig{WeightDecay: 0.5, ClipNorm: 18, Schedule: nn.WarmUp(3, nn.Cosine(0))}},
			[]float64{0.708798517, -1.61212516, 0.257175503, 3.41813506, -0.419794543},
			[]float64{0.322500113, -1.10236641, -0.0662388394, 2.65032452, -0.642552949},
			[]float64{0.0333333333, 0.0666666667, 0.1, 0.1, 0.0904508497, 0.0654508497, 0.0345491503, 0.00954915028},
			[]float64{23.4415013, 22.6264566, 21.0305259, 18.740664, 16.6024179, 14.806313, 13.5959557, 12.9907562}},
		{"adam by value", nn.Adam{LearningRate: 0.1, Beta1: 0.5, Beta2: 0.99, UpdateConfig: nn.UpdateConfig{ClipValue: 1, Schedule: nn.StepDecay(3, 0.5)}},
			[]float64{0.70000003, -1.70000003, 0.198213694, 3.70000003, -0.543228689},
			[]float64{0.50000005, -1.50000005, -0.00518202635, 3.50000005, -0.71051458},
			[]float64{0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025}, nil},
		{"rmsprop", nn.RMSProp{LearningRate: 0.02, UpdateConfig: nn.UpdateConfig{Schedule: nn.Cosine(0.1)}},
			[]float64{0.56729295, -1.57961237, 0.0551264496, 3.57231261, -0.650972561},
			[]float64{0.395651656, -1.42124886, -0.128525317, 3.40357182, -0.774748562},
			[]float64{0.02, 0.0193149158, 0.017363961, 0.0144441509, 0.011, 0.00755584911, 0.00463603897, 0.00268508421}, nil},
		{"momentum", nn.SGD{LearningRate: 0.05, Momentum: 0.9, UpdateConfig: nn.UpdateConfig{ClipNorm: 10}},
			[]float64{0.766785827, 0.268470006, 0.357540825, 2.43076032, -0.375792199},
			[]float64{-0.503060712, -0.648006993, -0.529939165, -2.30574058, -0.985577673},
			nil, []float64{23.4415013, 18.9173976, 11.3327822, 7.72795502, 11.6164787, 12.7700692, 10.1259686, 6.27575738}},
		{"sgd", nn.SGD{LearningRate: 0.05, UpdateConfig: nn.UpdateConfig{Schedule: nn.LinearDecay(0.5)}},
			[]float64{0.771206026, -0.30219389, 0.358450101, 2.57005331, -0.371709164},
			[]float64{0.517047726, -0.119316123, 0.186017002, 1.5349262, -0.494587246},
			[]float64{0.05, 0.05, 0.05, 0.05, 0.05, 0.0375, 0.025, 0.0125}, nil},
		{"constant after a warm-up", nn.SGD{LearningRate: 0, UpdateConfig: nn.UpdateConfig{Schedule: nn.WarmUp(20, nil)}},
			[]float64{1, -2, 0.5, 4, -0.25}, []float64{1, -2, 0.5, 4, -0.25}, constant(0), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := problem(t, c.optimizer, steps, func(w, c *Node) *Node {
				return ReduceAllSum(Add(MulScalar(Mul(c, Square(w)), 0.5), Sin(w)))
			})
			var rates, norms []float64
			for step := 1; step <= steps; step++ {
				rate, norm := p.step([]float32{1, 10, 0.1}, []float32{3, 0.5})
				rates, norms = append(rates, rate), append(norms, norm)
				switch step {
				case 3:
					near(t, "weights after 3 steps", p.weights(), c.third, 2e-6)
				case steps:
					near(t, "weights after 8 steps", p.weights(), c.last, 5e-6)
				}
			}
			if c.rates == nil {
				c.rates = constant(-1)
			}
			if c.norms == nil {
				c.norms = constant(-1)
			}
			near(t, "rates", rates, c.rates, 1e-6)
			near(t, "norms", norms, c.norms, 2e-6)
		})
	}
}

// TestAccumulate compares 2 updates, each by the mean of 4 micro-batches of 2, with 2 steps on the batches of 8: all that the optimizer and the moving
// average keep must agree, to the last bit where the gradients have no rounding, and nothing may move between the updates.
func TestAccumulate(t *testing.T) {
	const micro = 4
	data := [2][2][]float32{ // sums of these are exact
		{{1, 2, -3, 0.5, 0.25, 4, -1, 8}, {-2, 1, 5, 0.75, 1.5, -6, 2, 3}},
		{{3, -1, 0.5, 2, 6, -4, 1.25, 1}, {7, -2, 0.25, 1, -1.5, 2, 4, -3}},
	}
	for _, c := range []struct {
		name      string
		loss      func(w, x *Node) *Node // a mean over the batch
		tolerance float64
	}{
		{"linear", func(w, x *Node) *Node { return ReduceAllMean(Mul(ReduceAllSum(w), x)) }, 0},
		{"quadratic", func(w, x *Node) *Node { return ReduceAllMean(Square(Sub(ReduceAllSum(Square(w)), x))) }, 1e-6},
	} {
		for name, optimizer := range map[string]func(nn.UpdateConfig) nn.Optimizer{
			"adam":    func(u nn.UpdateConfig) nn.Optimizer { return nn.Adam{LearningRate: 0.1, UpdateConfig: u} },
			"rmsprop": func(u nn.UpdateConfig) nn.Optimizer { return nn.RMSProp{LearningRate: 0.1, UpdateConfig: u} },
			"sgd":     func(u nn.UpdateConfig) nn.Optimizer { return nn.SGD{LearningRate: 0.1, Momentum: 0.9, UpdateConfig: u} },
		} {
			t.Run(c.name+" "+name, func(t *testing.T) {
				config := nn.UpdateConfig{ClipNorm: 2, WeightDecay: 0.1, Schedule: nn.WarmUp(2, nn.Cosine(0))}
				whole := problem(t, optimizer(config), 5, c.loss)
				config.Accumulate = micro
				parts := problem(t, optimizer(config), 5*micro+3, c.loss)
				begin, lastNorm := parts.weights(), 0.0
				for _, batch := range data {
					rate, norm := whole.step(batch[0], batch[1])
					for k := range micro {
						near(t, "weights between updates", parts.weights(), begin, 0)
						partRate, partNorm := parts.step(batch[0][2*k:2*k+2], batch[1][2*k:2*k+2])
						if k == micro-1 {
							lastNorm = norm
						}
						near(t, "rate", []float64{partRate}, []float64{rate}, 0)
						near(t, "norm", []float64{partNorm}, []float64{lastNorm}, c.tolerance)
					}
					begin = parts.weights()
				}
				for v := range whole.store.IterVariables() {
					w := parts.store.GetVariable(v.Path())
					if w == nil {
						t.Fatalf("accumulation has no %s", v.Path())
					}
					if n, ok := v.MustValue().Value().(int64); ok {
						if w.MustValue().Value() != n {
							t.Errorf("%s is %v, want %d", v.Path(), w.MustValue().Value(), n)
						}
						continue
					}
					near(t, v.Path(), flat32(w), flat32(v), c.tolerance)
				}
				for v := range parts.store.IterVariables() {
					if strings.HasSuffix(v.Path(), "/sum") {
						near(t, v.Path(), flat32(v), make([]float64, v.Shape().Size()), 0)
					}
				}
			})
		}
	}
}

// TestStepDecay counts its falls in whole numbers, where a rounding error would show as a fall one update early or late.
func TestStepDecay(t *testing.T) {
	const updates, gamma = 200_000, 0.9999
	number := make([]float32, updates)
	for i := range number {
		number[i] = float32(i + 1)
	}
	for _, every := range []int{1, 7, 41, 999, 4096} { // a float32 of 1/41 is too small
		got := MustExecOnce(xlatest.Backend(t), func(n *Node) *Node { return nn.StepDecay(every, gamma)(n, updates) }, number)
		for i, g := range tensors.MustCopyFlatData[float32](got) {
			if want := math.Pow(gamma, float64(i/every)); math.Abs(float64(g)/want-1) > 2e-5 {
				t.Fatalf("every %d: the factor at update %d is %g, want %g", every, i+1, g, want)
			}
		}
	}
}

// TestClipWeights takes one step of 1 against the gradient 1 of each weight, and cuts what comes out off.
func TestClipWeights(t *testing.T) {
	p := problem(t, nn.SGD{LearningRate: 1, UpdateConfig: nn.UpdateConfig{ClipWeights: 0.75}}, 1, func(w, _ *Node) *Node { return ReduceAllSum(w) })
	before := p.weights()
	p.step([]float32{0, 0, 0}, []float32{0, 0})
	for i, got := range p.weights() {
		if want := min(max(before[i]-1, -0.75), 0.75); math.Abs(got-want) > 1e-7 {
			t.Errorf("weight %d went from %g to %g, want %g", i, before[i], got, want)
		}
	}
}

// TestOptimizerMisuse checks that settings that do not go together say so.
func TestOptimizerMisuse(t *testing.T) {
	sgd := func(s nn.Schedule) nn.Optimizer { return nn.SGD{UpdateConfig: nn.UpdateConfig{Schedule: s}} }
	for says, o := range map[string]nn.Optimizer{
		"ClipNorm and ClipValue":  nn.SGD{UpdateConfig: nn.UpdateConfig{ClipNorm: 1, ClipValue: 1}},
		"Decay and Schedule":      nn.Adam{Decay: 0.5, UpdateConfig: nn.UpdateConfig{Schedule: nn.Cosine(0)}},
		"share = 1.5":             sgd(nn.LinearDecay(1.5)),
		"floor = -1":              sgd(nn.Cosine(-1)),
		"every = 0 and gamma = 2": sgd(nn.StepDecay(0, 2)),
		"lasts 0 updates":         sgd(nn.WarmUp(0, nil)),
	} {
		p := problem(t, o, 10, func(w, x *Node) *Node { return ReduceAllSum(Mul(w, x)) })
		if _, err := p.exec.Call([]float32{1, 1, 1}, []float32{1, 1}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the error is %v, and should say %q", err, says)
		}
	}
}

// trainedProblem trains the variables /a and /b by one objective, with averages.
type trainedProblem struct {
	store *model.Store
	exec  *model.Exec
}

// problem minimises loss(a, x) + loss(b, y). The variables have 3 and 2 weights, but 2 each for a loss that sums over them.
func problem(t *testing.T, o nn.Optimizer, steps int, loss func(w, x *Node) *Node) trainedProblem {
	t.Helper()
	store := model.NewStore()
	for path, w := range map[string][]float32{"/a": {1, -2, 0.5}, "/b": {4, -0.25}} {
		if _, err := store.CreateVariable(path, tensors.FromFlatDataAndDimensions(w, len(w))); err != nil {
			t.Fatal(err)
		}
	}
	exec := model.MustNewExec(xlatest.Backend(t), store, func(s *model.Scope, x, y *Node) *Node {
		g := x.Graph()
		vars := []*model.Variable{s.Store().GetVariable("/a"), s.Store().GetVariable("/b")}
		a, b := vars[0].NodeValue(g), vars[1].NodeValue(g)
		step := o.Update(s.Store(), "both", steps, vars, Gradient(Add(loss(a, x), loss(b, y)), a, b))
		nn.MoveAverages(s.Store(), 0.9, step, vars)
		out := []*Node{step.Rate, step.Norm}
		for i, v := range out {
			if v == nil {
				out[i] = Scalar(g, x.DType(), -1)
			}
		}
		return Stack(out, 0)
	})
	t.Cleanup(exec.Finalize)
	return trainedProblem{store, exec}
}

// step returns the learning rate and the norm, −1 where there is none.
func (p trainedProblem) step(x, y []float32) (rate, norm float64) {
	out := tensors.MustCopyFlatData[float32](p.exec.MustCall(x, y)[0])
	return float64(out[0]), float64(out[1])
}

func (p trainedProblem) weights() []float64 {
	return append(flat32(p.store.GetVariable("/a")), flat32(p.store.GetVariable("/b"))...)
}

func flat32(v *model.Variable) []float64 {
	return wide(tensors.MustCopyFlatData[float32](v.MustValue()))
}
