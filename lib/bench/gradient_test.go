package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"darkroom/lib/engine/onednn"
	"darkroom/lib/engine/xlatest"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// double is a backend that computes in float64 what is asked of it in float32, from the same random bits: the graph of a network
// need not know. Parameters keep the type that they are given.
type double struct{ compute.Backend }

type doubleBuilder struct{ compute.Builder }

type doubleFunction struct{ compute.Function }

func (b double) Builder(name string) compute.Builder { return doubleBuilder{b.Backend.Builder(name)} }

func (b doubleBuilder) Main() compute.Function { return doubleFunction{b.Builder.Main()} }

func (f doubleFunction) Constant(flat any, dims ...int) (compute.Value, error) {
	if single, ok := flat.([]float32); ok {
		flat = widen(single)
	}
	return f.Function.Constant(flat, dims...)
}

func (f doubleFunction) ConvertDType(x compute.Value, dtype dtypes.DType) (compute.Value, error) {
	if dtype == dtypes.Float32 {
		dtype = dtypes.Float64
	}
	return f.Function.ConvertDType(x, dtype)
}

// RNGBitGenerator puts the 32 bits that float32 would get at the top of the 64 that float64 gets.
func (f doubleFunction) RNGBitGenerator(state compute.Value, shape shapes.Shape) (next, bits compute.Value, err error) {
	if shape.DType != dtypes.Uint64 {
		return f.Function.RNGBitGenerator(state, shape)
	}
	next, bits, err = f.Function.RNGBitGenerator(state, shapes.Make(dtypes.Uint32, shape.Dimensions...))
	if err == nil {
		bits, err = f.Function.ConvertDType(bits, dtypes.Uint64)
	}
	var by compute.Value
	if err == nil {
		by, err = f.Constant([]uint64{1 << 32})
	}
	if err == nil {
		by, err = f.BroadcastInDim(by, shape, nil)
	}
	if err == nil {
		bits, err = f.Mul(bits, by)
	}
	return next, bits, err
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = float64(v[i])
	}
	return out
}

// gradients returns the gradient of each objective of a network with respect to each of its variables, by path, at the weights of the
// formula, for at most the given number of examples of the network's batch that the seed draws.
func gradients[T float32 | float64](t *testing.T, b compute.Backend, n Net, examples int, seed uint64) map[string][]float64 {
	t.Helper()
	store := model.NewStore()
	var paths []string
	exec := model.MustNewExec(b, store, func(s *model.Scope, in []*graph.Node) []*graph.Node {
		store.SetTraining(in[0].Graph(), true)
		paths = nil
		var out []*graph.Node
		for _, o := range n.Objectives {
			loss := o.Loss(s, in)
			var nodes []*graph.Node
			for v := range store.Scope(o.Scope).IterVariables() {
				if v.Trainable {
					paths, nodes = append(paths, v.Path()), append(nodes, v.NodeValue(loss.Graph()))
				}
			}
			out = append(out, graph.Gradient(loss, nodes...)...)
		}
		return out
	})
	defer exec.Finalize()
	var batch []any
	var in []shapes.Shape
	for _, x := range n.Batch(rand.New(rand.NewPCG(seed, 0))) {
		dims := x.Shape().Clone().Dimensions
		each := x.Shape().Size() / dims[0]
		dims[0] = min(examples, dims[0])
		flat := make([]T, dims[0]*each)
		tensors.MustConstFlatData(x, func(from []float32) {
			for i := range flat {
				flat[i] = T(from[i])
			}
		})
		batch = append(batch, tensors.FromFlatDataAndDimensions(flat, dims...))
		in = append(in, batch[len(batch)-1].(*tensors.Tensor).Shape())
	}
	if _, err := exec.Compile(in...); err != nil {
		t.Fatal(err)
	}
	if err := fill[T](store); err != nil {
		t.Fatal(err)
	}
	found := map[string][]float64{}
	for i, out := range exec.MustCall(batch...) {
		flat := tensors.MustCopyFlatData[T](out)
		values := make([]float64, len(flat))
		for k := range flat {
			values[k] = float64(flat[k])
		}
		found[paths[i]] = values
	}
	return found
}

// TestGradients: the error of every variable's gradient against float64 is at most three times that of stock float32, both as root mean squares. What
// float32 rounds off the largest value counts for a stock error that happens to be less; a gradient that is zero but for rounding, as that of a bias
// before batch norm, is left out. One unit of a million that is 0 but for rounding can fall on the other side of ReLU's kink, whose slope all layers before
// it then see, and none after it: of 20 batches of dncnn40, two with AVX2's kernels and three with AVX-512's. A wrong operation errs on every batch, so three of
// five have to agree.
func TestGradients(t *testing.T) {
	b := xlatest.Backend(t)
	for _, n := range Nets {
		t.Run(n.Name, func(t *testing.T) {
			examples := map[string]int{"unet64": 2, "dncnn40": 4}[n.Name]
			if examples == 0 {
				examples = 1000
			}
			agree := 0
			for seed := uint64(0); seed < 5 && agree < 3; seed++ {
				wrong := astray(t, b, n, examples, seed)
				if len(wrong) == 0 {
					agree++
				} else {
					t.Logf("batch %d:\n%s", seed, strings.Join(wrong, "\n"))
				}
			}
			if agree < 3 {
				t.Errorf("on three of five batches gradients err more than they may")
			}
		})
	}
}

// astray tells of each gradient on a batch whose error is more than it may be.
func astray(t *testing.T, b compute.Backend, n Net, examples int, seed uint64) (wrong []string) {
	stock := func() map[string][]float64 {
		defer onednn.Pause()()
		return gradients[float32](t, b, n, examples, seed)
	}()
	ours := gradients[float32](t, b, n, examples, seed)
	want := gradients[float64](t, double{b}, n, examples, seed)
	for path, w := range want {
		top := 0.0
		for _, v := range w {
			top = max(top, math.Abs(v))
		}
		if top < 1e-12 {
			continue
		}
		allowed := 3 * max(distance(stock[path], w), top*0x1p-25)
		if d := distance(ours[path], w); !(d <= allowed) {
			wrong = append(wrong, fmt.Sprintf("%s: the error is %.2g of the largest value, more than %.2g", path, d/top, allowed/top))
		}
	}
	return wrong
}

// distance is the root mean square of a − b.
func distance(a, b []float64) float64 {
	sum := 0.0
	for i := range b {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum / float64(len(b)))
}
