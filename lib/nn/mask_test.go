package nn_test

import (
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestMask: with a kernel of ones, a pixel is the sum of the pixels in the window that come before it in reading order, with mask B its own, too.
func TestMask(t *testing.T) {
	const side, kernel = 5, 3
	x := make([]float32, side*side)
	for i := range x {
		x[i] = float32(int(1) << (i % 20)) // sums of few such numbers are exact
	}
	for _, mask := range []nn.Mask{nn.MaskA, nn.MaskB} {
		got := tensors.MustCopyFlatData[float32](model.MustCallOnce(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, x *Node) *Node {
			return nn.Conv(s, x, nn.ConvConfig{Filters: 1, Kernel: kernel, Mask: mask, Init: model.VariableInitializer(Ones)})
		}, tensors.FromFlatDataAndDimensions(x, 1, side, side, 1)))
		for r := range side {
			for c := range side {
				want := 0.0
				for i := max(r-1, 0); i <= min(r+1, side-1); i++ {
					for j := max(c-1, 0); j <= min(c+1, side-1); j++ {
						if at, here := i*side+j, r*side+c; at < here || at == here && mask == nn.MaskB {
							want += float64(x[at])
						}
					}
				}
				if g := float64(got[r*side+c]); math.Abs(g-want) > 0 {
					t.Errorf("mask %s, row %d, column %d: %g, want %g", mask, r, c, g, want)
				}
			}
		}
	}
}
