//go:build linux && amd64 && cgo

package onednn_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"darkroom/lib/engine/onednn"
	"darkroom/lib/engine/plugin"
)

var pluginPath string // set by backend

// backend is the XLA backend with the accelerator in place.
var backend = sync.OnceValues(func() (compute.Backend, onednn.Status) {
	say := func(line string) { fmt.Fprintln(os.Stderr, line) }
	p, err := plugin.Ensure(context.Background(), say)
	if err != nil {
		panic(err)
	}
	pluginPath = p.Path
	s := onednn.Enable(p.Path, say)
	b, err := compute.NewWithConfig(p.Config)
	if err != nil {
		panic(err)
	}
	return b, s
})

func enabled(t testing.TB) compute.Backend {
	t.Helper()
	b, s := backend()
	if !s.On {
		t.Skip(s)
	}
	return b
}

// random returns a tensor of standard normal numbers.
func random(r *rand.Rand, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	flat := make([]float32, n)
	for i := range flat {
		flat[i] = float32(r.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

func flat(t *tensors.Tensor) []float32 { return tensors.MustCopyFlatData[float32](t) }

// compile runs f once with the pass on or off and returns the executable.
func compile[F graph.ExecGraphFn](b compute.Backend, plain bool, f F, args ...any) (*graph.Exec, []*tensors.Tensor) {
	e := graph.MustNewExec(b, f)
	if plain {
		defer onednn.Pause()()
	}
	return e, e.MustCall(args...)
}

// gap is the largest difference as a share of the largest value.
func gap(got, want *tensors.Tensor) float64 {
	a, b := flat(got), flat(want)
	var diff, top float64
	for i := range a {
		if math.IsNaN(float64(a[i])) {
			return math.NaN()
		}
		diff = max(diff, math.Abs(float64(a[i])-float64(b[i])))
		top = max(top, math.Abs(float64(b[i])))
	}
	if top == 0 {
		return diff
	}
	return diff / top
}

type testConv struct {
	n, h, w, c, k, kh, kw, stride, dilation, groups int
	pad                                             [2][2]int
}

func (c testConv) forward(x, w *graph.Node) *graph.Node {
	y := graph.Convolve(x, w).PaddingPerDim(c.pad[:]).ChannelGroupCount(c.groups)
	if c.dilation > 1 {
		return y.Dilations(c.dilation).Done()
	}
	return y.Strides(c.stride).Done()
}

// all is the convolution, and both gradients for an arbitrary gradient of the output.
func (c testConv) all(x, w, v *graph.Node) []*graph.Node {
	y := c.forward(x, w)
	g := graph.Gradient(graph.ReduceAllSum(graph.Mul(y, v)), x, w)
	return []*graph.Node{y, g[0], g[1]}
}

func randomConv(r *rand.Rand) testConv {
	pick := func(n ...int) int { return n[r.IntN(len(n))] }
	for {
		c := testConv{n: pick(1, 2, 3, 4, 5, 8), h: 1 + r.IntN(21), w: 1 + r.IntN(21), kh: pick(1, 2, 3, 4, 5), kw: pick(1, 2, 3, 4, 5),
			stride: pick(1, 1, 2, 2, 3, 6), dilation: 1, groups: pick(1, 1, 1, 2, 3)}
		if r.IntN(5) == 0 {
			c.stride, c.dilation = 1, 2
		}
		c.c, c.k = c.groups*pick(1, 1, 3, 8, 16, 17), c.groups*pick(1, 2, 8, 16, 19)
		for i := range c.pad {
			most := [2]int{c.kh, c.kw}[i]*c.dilation - c.dilation
			// GoMLX has no gradient for more padding before than (k-1)/2.
			c.pad[i] = [2]int{r.IntN(most/2 + 1), r.IntN(most + 1)}
		}
		if c.h+c.pad[0][0]+c.pad[0][1] >= (c.kh-1)*c.dilation+1 && c.w+c.pad[1][0]+c.pad[1][1] >= (c.kw-1)*c.dilation+1 {
			return c
		}
	}
}

func (c testConv) tensors(r *rand.Rand) (x, w, v *tensors.Tensor) {
	oh := (c.h+c.pad[0][0]+c.pad[0][1]-(c.kh-1)*c.dilation-1)/c.stride + 1
	ow := (c.w+c.pad[1][0]+c.pad[1][1]-(c.kw-1)*c.dilation-1)/c.stride + 1
	return random(r, c.n, c.h, c.w, c.c), random(r, c.kh, c.kw, c.c/c.groups, c.k), random(r, c.n, oh, ow, c.k)
}

// TestAgainstXLA compares every handler with XLA's own result.
func TestAgainstXLA(t *testing.T) {
	b := enabled(t)
	r := rand.New(rand.NewPCG(1, 2))
	before := onednn.Stats()
	for i := range 30 {
		c := randomConv(r)
		x, w, v := c.tensors(r)
		_, want := compile(b, true, c.all, x, w, v)
		_, got := compile(b, false, c.all, x, w, v)
		for k, name := range []string{"forward", "input gradient", "kernel gradient"} {
			if d := gap(got[k], want[k]); !(d <= 1e-5) {
				t.Errorf("%d: %+v: %s differs from XLA's by %.2g of the largest value", i, c, name, d)
			}
		}
	}
	s := onednn.Stats()
	seen, taken := s.Seen-before.Seen, s.Taken-before.Taken
	if taken < seen*8/10 || s.Fallbacks > 0 {
		t.Errorf("of %d convolutions %d were taken, and %d programs were refused", seen, taken, s.Fallbacks)
	}
}
