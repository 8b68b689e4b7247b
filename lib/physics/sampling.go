package physics

import (
	"fmt"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go
)

// Downsample makes pictures smaller by a whole factor, as MATLAB's imresize(x, 1/Factor) does: Keys's bicubic kernel, a = −1/2, widened
// against aliasing, with the picture mirrored at its edges. Every paper on super-resolution since Yang et al. 2010 measures with it. The
// picture's sides must be multiples of the factor. There is no noise.
type Downsample struct {
	plain
	Factor int
}

// Describe implements Operator.
func (d Downsample) Describe() string {
	return fmt.Sprintf("bicubic downsampling ×%d (as MATLAB's imresize, antialiased)", d.Factor)
}

// Multiple implements Multipler.
func (d Downsample) Multiple() int { return d.Factor }

// Forward implements Operator: [n, h, w, c] becomes [n, h/Factor, w/Factor, c].
func (d Downsample) Forward(x, _ *Node) *Node {
	s := x.Shape().Dimensions
	if s[1]%d.Factor != 0 || s[2]%d.Factor != 0 {
		panic(fmt.Errorf("physics: a picture of %d×%d cannot be made smaller by %d: its sides must be multiples of %d; crop it to %d×%d",
			s[2], s[1], d.Factor, d.Factor, s[2]/d.Factor*d.Factor, s[1]/d.Factor*d.Factor))
	}
	x = Einsum("oh,bhwc->bowc", d.weights(x, s[1]), x)
	return Einsum("ow,bhwc->bhoc", d.weights(x, s[2]), x)
}

// Adjoint implements Operator.
func (d Downsample) Adjoint(y, _ *Node) *Node {
	s := y.Shape().Dimensions
	y = Einsum("oh,bowc->bhwc", d.weights(y, s[1]*d.Factor), y)
	return Einsum("ow,bhoc->bhwc", d.weights(y, s[2]*d.Factor), y)
}

// Start implements Starter: bicubic interpolation.
func (d Downsample) Start(y, _ *Node) *Node { return nn.Upsample(y, d.Factor, nn.Bicubic) }

// weights is the matrix [pixels/Factor, pixels].
func (d Downsample) weights(x *Node, pixels int) *Node {
	to := pixels / d.Factor
	return matrix(x, nn.ResizeMatrix(pixels, to, nn.Bicubic, true), to, pixels)
}
