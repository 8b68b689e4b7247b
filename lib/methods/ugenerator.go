package methods

import (
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// uGenerator is pix2pix's generator, a U-Net of convolutions 4×4 of stride 2, down to pictures of 2 or 3 pixels and up again, each level beside its mirror image.
type uGenerator struct {
	Width        int     // channels of the outermost level; inner ones have up to 8 times as many
	Norm         string  // instance or none
	Dropout      float64 // share that is dropped in the three innermost levels of the way up
	Skip, Resize bool    // as in Pix2Pix
}

// draw makes pictures of pictures x, both with pixels in [−1, 1].
func (u uGenerator) draw(s *Scope, x *Node) *Node {
	config := func(s *Scope, level, kernel int) nn.ConvConfig { // of level 0, 1, 2, …
		c := nn.ConvConfig{Filters: u.Width << min(max(level-1, 0), 3), Kernel: kernel, NoBias: true, Init: nn.Normal(s, 0.02)}
		if u.Norm == "none" {
			c.NoBias, c.Init = false, nn.He(s)
		}
		return c
	}
	norm, activation := func(s *Scope, x *Node) *Node { return nn.InstanceNorm(s, x, 1e-5) }, nn.ReLU
	if u.Norm == "none" { // what is below 0 everywhere would be lost for ever
		norm = func(_ *Scope, x *Node) *Node { return x }
		activation = func(x *Node) *Node { return nn.LeakyReLU(x, 0.2) }
	}
	enlarge := func(s *Scope, x *Node, level int) *Node {
		if u.Resize {
			return norm(s, nn.ResizeConv(s, activation(x), 2, nn.Nearest, config(s, level, 3)))
		}
		c := config(s, level, 4)
		c.Stride = 2
		return norm(s, nn.ConvTranspose(s, activation(x), c))
	}
	picture, channels, levels := x, x.Shape().Dim(3), 0
	for h, w := x.Shape().Dim(1), x.Shape().Dim(2); h%2 == 0 && w%2 == 0 && min(h, w) > 2; h, w = h/2, w/2 {
		levels++
	}
	down := make([]*Node, levels+1) // by level, from 1
	for level := 1; level <= levels; level++ {
		s := s.At("down%d", level)
		c := config(s, level, 4)
		c.Stride = 2
		outermost := level == 1 || level == levels // without a norm: of the few innermost pixels it would leave little
		c.NoBias = c.NoBias && !outermost
		if level > 1 {
			x = nn.LeakyReLU(x, 0.2)
		}
		x = nn.Conv(s, x, c)
		if !outermost {
			x = norm(s, x)
		}
		down[level] = x
	}
	for level := levels - 1; level > 0; level-- {
		x = enlarge(s.At("up%d", level), x, level)
		if level >= levels-3 {
			x = nn.Dropout(s.At("up%d", level), x, u.Dropout)
		}
		x = Concatenate([]*Node{x, down[level]}, 3)
	}
	if u.Resize { // a level of full size, which has the picture itself beside it
		x = Concatenate([]*Node{enlarge(s.At("up0"), x, 0), picture}, 3)
		s := s.At("up0").At("mix")
		c := config(s, 0, 3)
		c.NoBias = false
		x = nn.Conv(s, x, c)
	}
	s = s.At("out")
	return redrawn(picture, u.Skip, func(deviation float64) *Node {
		if u.Resize {
			return nn.Conv(s, activation(x), nn.ConvConfig{Filters: channels, Kernel: 3, Init: nn.Normal(s, deviation)})
		}
		return nn.ConvTranspose(s, activation(x), nn.ConvConfig{Filters: channels, Kernel: 4, Stride: 2, Init: nn.Normal(s, deviation)})
	})
}
