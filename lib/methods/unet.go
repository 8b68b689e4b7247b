package methods

import (
	"darkroom/lib/lab"
	"darkroom/lib/nn"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// UNet sees the picture at several scales (Ronneberger et al. 2015, arXiv:1505.04597): on the way down two convolutions of 3×3 a level, then
// the largest of each 2×2 pixels; on the way up a 2×2 up-convolution, beside which the way down's last picture of that size is laid. It
// restores by what it adds to the first estimate y, x̂ = y + U(y). The paper, which segments, has 5 levels from 64 channels, and loses
// the pixels at the edges where this one pads by zeros. To segment, U's outputs are the scores of the classes.
type UNet struct {
	Pairs
	Levels int `default:"3" range:"1:6" help:"scales; the picture is halved between two"`
	Width  int `default:"24" range:"1:256" help:"channels of the finest level; each level below has twice as many"`
}

// Objectives implements Trainable.
func (m *UNet) Objectives() []Objective {
	if m.problem.Kind == lab.Segment {
		return m.classify(m.Scores)
	}
	return m.regress(0, func(s *Scope, x *Node) *Node { return m.error(s, x, m.Restore) })
}

// Restore implements Restorer.
func (m *UNet) Restore(s *Scope, y, aux *Node) *Node {
	y = physics.Start(m.problem.Operator, y, aux)
	return Add(y, unet(s.At("network"), y, m.Levels, m.Width, y.Shape().Dim(3)))
}

// Scores implements Segmenter.
func (m *UNet) Scores(s *Scope, x *Node) *Node {
	return unet(s.At("network"), x, m.Levels, m.Width, m.problem.Classes)
}

// unet is the network, from images [n, h, w, c] of any size to [n, h, w, out].
func unet(s *Scope, x *Node, levels, width, out int) *Node {
	d := x.Shape().Dimensions
	side := 1 << (levels - 1)
	for axis := 1; axis <= 2; axis++ { // to a size that can be halved so often
		x = lengthen(x, axis, (side-d[axis]%side)%side)
	}
	conv := func(s *Scope, x *Node, filters int) *Node {
		return nn.ReLU(nn.Conv(s, x, nn.ConvConfig{Filters: filters, Kernel: 3, Init: nn.He(s)}))
	}
	pair := func(s *Scope, x *Node, filters int) *Node {
		return conv(s.At("second"), conv(s.At("first"), x, filters), filters)
	}
	var beside []*Node
	for l := range levels - 1 {
		x = pair(s.At("down%d", l+1), x, width<<l)
		beside = append(beside, x)
		x = nn.MaxPoolBlocks(x, 2)
	}
	x = pair(s.At("bottom"), x, width<<(levels-1))
	for l := levels - 2; l >= 0; l-- {
		up := s.At("up%d", l+1)
		wide := up.At("wide")
		x = nn.ConvTranspose(wide, x, nn.ConvConfig{Filters: width << l, Kernel: 2, Stride: 2, Init: nn.He(wide)})
		x = pair(up, Concatenate([]*Node{beside[l], x}, 3), width<<l)
	}
	last := s.At("last")
	x = nn.Conv(last, x, nn.ConvConfig{Filters: out, Kernel: 1, Init: nn.Normal(last, 0.001)})
	return part(part(x, 1, 0, d[1]), 2, 0, d[2])
}

// lengthen repeats the last pixel along an axis.
func lengthen(x *Node, axis, by int) *Node {
	if by == 0 {
		return x
	}
	n := x.Shape().Dim(axis)
	edge := x.Shape().Clone()
	edge.Dimensions[axis] = by
	return Concatenate([]*Node{x, BroadcastToShape(part(x, axis, n-1, n), edge)}, axis)
}
