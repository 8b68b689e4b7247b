//go:build linux && amd64 && cgo

package onednn_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // formulas read as mathematics
	"github.com/gomlx/gomlx/core/tensors"

	"darkroom/lib/engine/onednn"
)

// TestFused: a convolution, a transposed one, each with a bias and a ReLU or a leaky one, give XLA's results, and NaN stays NaN.
func TestFused(t *testing.T) {
	b := enabled(t)
	r := rand.New(rand.NewPCG(5, 6))
	x, w, bias := random(r, 3, 9, 7, 8), random(r, 3, 3, 8, 16), random(r, 16)
	poisoned := tensors.FromFlatDataAndDimensions(flat(x), 3, 9, 7, 8)
	tensors.MustMutableFlatData(poisoned, func(v []float32) { v[0] = float32(math.NaN()) })
	for _, slope := range []float64{0, 0.2} {
		activate := func(y *Node) *Node {
			if slope == 0 {
				return Max(ZerosLike(y), y)
			}
			return Max(MulScalar(y, slope), y)
		}
		forms := map[string]func(x, w, bias *Node) *Node{
			"forward": func(x, w, bias *Node) *Node {
				return activate(Add(Convolve(x, w).PadSame().Done(), ExpandLeftToRank(bias, 4)))
			},
			"transposed": func(x, w, bias *Node) *Node {
				axes := axes(2, 3, 0, 1)
				y := Convolve(x, w).AxesConfig(axes).InputDilationPerAxis(2, 2).PaddingPerDim([][2]int{{1, 2}, {1, 2}}).Done()
				return activate(Add(y, ExpandLeftToRank(bias, 4)))
			},
		}
		for name, f := range forms {
			for _, in := range []*tensors.Tensor{x, poisoned} {
				before := onednn.Stats()
				fused, got := compile(b, false, f, in, w, bias)
				if n := onednn.Stats().Taken - before.Taken; n != 1 {
					t.Fatalf("%s: %d convolutions taken", name, n)
				}
				plain, want := compile(b, true, f, in, w, bias)
				g, v := flat(got[0]), flat(want[0])
				for i := range v {
					if math.IsNaN(float64(v[i])) != math.IsNaN(float64(g[i])) || math.Abs(float64(g[i]-v[i])) > 1e-4 {
						t.Fatalf("%s, slope %g: value %d is %g, XLA's %g", name, slope, i, g[i], v[i])
					}
				}
				fused.Finalize()
				plain.Finalize()
			}
		}
	}
}

// TestSums: sums over all but the last axis, of values and of products, against float64; sizes that divide nothing evenly too.
func TestSums(t *testing.T) {
	b := enabled(t)
	r := rand.New(rand.NewPCG(7, 8))
	for _, dims := range [][]int{{8, 14, 14, 64}, {20001, 1}, {5463, 3}, {4099, 5}, {3, 6272}, {257, 64}, {64, 7, 7, 128}} {
		x, y := random(r, dims...), random(r, dims...)
		c := dims[len(dims)-1]
		before := onednn.Stats().Sums
		exec, got := compile(b, false, func(x, y *Node) []*Node {
			axes := make([]int, x.Rank()-1)
			for i := range axes {
				axes[i] = i
			}
			return []*Node{ReduceSum(x, axes...), ReduceSum(Mul(x, y), axes...)}
		}, x, y)
		if n := onednn.Stats().Sums - before; n != 2 {
			t.Errorf("%v: %d sums taken, want 2", dims, n)
		}
		sum, product, size := make([]float64, c), make([]float64, c), 0.0
		xs, ys := flat(x), flat(y)
		for i, v := range xs {
			sum[i%c] += float64(v)
			product[i%c] += float64(v) * float64(ys[i])
			size = max(size, math.Abs(sum[i%c]), math.Abs(product[i%c]))
		}
		for i := range c {
			if a, p := float64(flat(got[0])[i]), float64(flat(got[1])[i]); math.Abs(a-sum[i])+math.Abs(p-product[i]) > 1e-5*size {
				t.Fatalf("%v: channel %d is %g and %g, want %g and %g", dims, i, a, p, sum[i], product[i])
			}
		}
		exec.Finalize()
	}
}

// TestSumsLeft: what only looks like such a sum stays as it is, byte for byte.
func TestSumsLeft(t *testing.T) {
	const program = `func.func @main(%arg0: tensor<200x100xf32>) -> tensor<100xf32> {
    %1 = "stablehlo.constant"() { value = dense<0.0> : tensor<f32> } : () -> tensor<f32>
    %2 = "stablehlo.reduce"(%arg0, %1) ({
      ^reductionFn(%lhs: tensor<f32>, %rhs: tensor<f32>) :
          %3 = "stablehlo.add"(%lhs, %rhs) : (tensor<f32>, tensor<f32>) -> tensor<f32>
          "stablehlo.return"(%3) : (tensor<f32>) -> ()
    }) { dimensions = array<i64: 0> } : (tensor<200x100xf32>, tensor<f32>) -> tensor<100xf32>
    "stablehlo.return"(%2) : (tensor<100xf32>) -> ()
  }
`
	all := func(onednn.Sum) bool { return true }
	if _, n := onednn.RewriteSums(program, all); n != 1 {
		t.Fatalf("the sum itself: %d taken", n)
	}
	for _, change := range [][2]string{{"dense<0.0>", "dense<1.0>"}, {`"stablehlo.add"(%lhs`, `"stablehlo.maximum"(%lhs`}, {"array<i64: 0>", "array<i64: 1>"},
		{"(%lhs, %rhs)", "(%lhs, %lhs)"}, {"f32", "f64"}, {"return\"(%3)", "return\"(%1)"}, {"%rhs: tensor<f32>) :", "%rhs: tensor<f32>) : //"}} {
		text := strings.ReplaceAll(program, change[0], change[1])
		if out, n := onednn.RewriteSums(text, all); n != 0 || out != text {
			t.Errorf("%q for %q: %d taken", change[1], change[0], n)
		}
	}
}

// FuzzSums: the pass never panics, and changes nothing where nothing is accepted.
func FuzzSums(f *testing.F) {
	f.Add("%1 = \"stablehlo.reduce\"(%0, %2) ({\n")
	f.Fuzz(func(t *testing.T, text string) {
		if out, n := onednn.RewriteSums(text, func(onednn.Sum) bool { return false }); n != 0 || out != text {
			t.Fatal("a program changed although nothing was accepted")
		}
		onednn.RewriteSums(text, func(onednn.Sum) bool { return true })
	})
}
