package physics

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go
)

// Grey takes the colours out of a picture: Ax is the luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B. There is no noise.
type Grey struct{ plain }

// luma are the weights.
var luma = []float64{0.299, 0.587, 0.114}

// Describe implements Operator.
func (Grey) Describe() string { return "colours taken out (BT.601 luma is left)" }

// Coloured implements Coloured.
func (Grey) Coloured() {}

// Forward implements Operator: [n, h, w, 3] becomes [n, h, w, 1].
func (Grey) Forward(x, _ *Node) *Node {
	if c := x.Shape().Dim(3); c != len(luma) {
		panic(fmt.Errorf("physics: a picture of %d channel has no colours that could be taken out; use one of 3 channels", c))
	}
	return Einsum("nhwc,ck->nhwk", x, matrix(x, luma, len(luma), 1))
}

// Adjoint implements Operator.
func (Grey) Adjoint(y, _ *Node) *Node {
	return Einsum("nhwk,ck->nhwc", y, matrix(y, luma, len(luma), 1))
}

// Start implements Starter: grey in three channels.
func (Grey) Start(y, _ *Node) *Node { return Concatenate([]*Node{y, y, y}, 3) }
