package nn

import (
	"fmt"
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// These tests fail once GoMLX or go-xla closes a gap that the code here works around: then take the workaround out.

// TestUpstreamEvenKernel: for x = [1 2; 3 4] and a kernel of ones, y = [10 6; 7 4] with padding SAME (a pixel at the end), so that
// dΣy²/dx = 2·[10 16; 17 27] by the four windows that hold each pixel. GoMLX pads the gradient's convolution on the wrong side.
func TestUpstreamEvenKernel(t *testing.T) {
	x := [][][][]float32{{{{1}, {2}}, {{3}, {4}}}}
	slope := func(conv func(x, k *Node) *Node) string {
		out := MustExecOnce(xlatest.Backend(t), func(x *Node) *Node {
			k := Ones(x.Graph(), shapes.Make(dtypes.Float32, 2, 2, 1, 1))
			return Reshape(Gradient(ReduceAllSum(Square(conv(x, k))), x)[0], 4)
		}, x)
		return fmt.Sprint(out.Value())
	}
	g := geometryOf(2, 2, 1, 1, 1)
	g.over([2]int{2, 2}, true)
	const right = "[20 32 34 54]"
	if got := slope(func(x, k *Node) *Node { return convolve(x, k, g) }); got != right {
		t.Errorf("nn's gradient is %s, want %s", got, right)
	}
	if got := slope(func(x, k *Node) *Node { return Convolve(x, k).PadSame().Done() }); got == right {
		t.Error("GoMLX's gradient of a convolution with an even kernel is right now")
	}
}

// TestUpstreamGradients: what GoMLX has no gradient for.
func TestUpstreamGradients(t *testing.T) {
	for name, f := range map[string]func(x *Node) *Node{
		"Reverse": func(x *Node) *Node { return Reverse(x, 1) },
		"Rsqrt":   Rsqrt,
		"a convolution with input dilation": func(x *Node) *Node {
			return Convolve(x, Ones(x.Graph(), shapes.Make(dtypes.Float32, 3, 3, 1, 1))).InputDilationPerAxis(2, 2).PadSame().Done()
		},
	} {
		_, err := ExecOnce(xlatest.Backend(t), func(x *Node) *Node {
			return Gradient(ReduceAllSum(f(x)), x)[0]
		}, [][][][]float32{{{{1}, {2}}, {{3}, {4}}}})
		if err == nil {
			t.Errorf("GoMLX has a gradient for %s now", name)
		}
	}
}

// TestUpstreamNormal: GoMLX takes the logarithm of a number that counts as 0.
func TestUpstreamNormal(t *testing.T) {
	out := MustExecOnce(xlatest.Backend(t), func(u *Node) *Node {
		least := Const(u.Graph(), u.DType().SmallestNonZeroValueForDType())
		return Log(Max(u, least))
	}, []float32{0})
	if v := out.Value().([]float32)[0]; !math.IsInf(float64(v), -1) {
		t.Errorf("the logarithm in GoMLX's RandomNormal is at least %g now", v)
	}
}
