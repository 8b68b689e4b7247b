package methods

import (
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// uGenerator is pix2pix's generator, a U-Net of convolutions 4×4 of stride 2, down to pictures of 2 or 3 pixels and up again, each level beside its mirror image.
type uGenerator struct {
	Width        int // channels of the outermost level; inner ones have up to 8 times as many
	Norm         norming
	Dropout      float64 // share that is dropped in the three innermost levels of the way up
	Skip, Resize bool    // as in Pix2Pix
}

// draw makes pictures of pictures x, both with pixels in [−1, 1].
func (u uGenerator) draw(s *Scope, x *Node) *Node {
	config := func(s *Scope, level, kernel, stride int) nn.ConvConfig { // of level 0, 1, 2, …
		return u.Norm.conv(s, u.Width<<min(max(level-1, 0), 3), kernel, stride)
	}
	enlarge := func(s *Scope, x *Node, level int) *Node {
		if u.Resize {
			return u.Norm.norm(s, nn.ResizeConv(s, u.Norm.activate(x), 2, nn.Nearest, config(s, level, 3, 1)))
		}
		return u.Norm.norm(s, nn.ConvTranspose(s, u.Norm.activate(x), config(s, level, 4, 2)))
	}
	picture, channels, levels := x, x.Shape().Dim(3), 0
	for h, w := x.Shape().Dim(1), x.Shape().Dim(2); h%2 == 0 && w%2 == 0 && min(h, w) > 2; h, w = h/2, w/2 {
		levels++
	}
	down := make([]*Node, levels+1) // by level, from 1
	for level := 1; level <= levels; level++ {
		s := s.At("down%d", level)
		c := config(s, level, 4, 2)
		outermost := level == 1 || level == levels // without a norm: of the few innermost pixels it would leave little
		c.NoBias = c.NoBias && !outermost
		if level > 1 {
			x = nn.LeakyReLU(x, 0.2)
		}
		x = nn.Conv(s, x, c)
		if !outermost {
			x = u.Norm.norm(s, x)
		}
		down[level] = x
	}
	for level := levels - 1; level > 0; level-- {
		s := s.At("up%d", level)
		x = enlarge(s, x, level)
		if level >= levels-3 {
			x = nn.Dropout(s, x, u.Dropout)
		}
		x = Concatenate([]*Node{x, down[level]}, 3)
	}
	if u.Resize { // a level of full size, which has the picture itself beside it
		s := s.At("up0")
		x = Concatenate([]*Node{enlarge(s, x, 0), picture}, 3)
		s = s.At("mix")
		c := config(s, 0, 3, 1)
		c.NoBias = false
		x = nn.Conv(s, x, c)
	}
	s = s.At("out")
	return redrawn(picture, u.Skip, func(deviation float64) *Node {
		if u.Resize {
			return nn.Conv(s, u.Norm.activate(x), nn.ConvConfig{Filters: channels, Kernel: 3, Init: nn.Normal(s, deviation)})
		}
		return nn.ConvTranspose(s, u.Norm.activate(x), nn.ConvConfig{Filters: channels, Kernel: 4, Stride: 2, Init: nn.Normal(s, deviation)})
	})
}
