package methods

import (
	"math"

	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// patchGAN judges patches rather than whole images (Isola et al. 2017, section 3.2.2), x [n, h, w, c] to logits [n, ⌈h/2^layers⌉, ⌈w/2^layers⌉, 1]: so many
// convolutions of 4×4 and stride 2, whose channels double from width up to 8·width, and two of stride 1. A logit sees 16×16 pixels with 1
// layer, 34×34 with 2, 70×70 with 3. Norm by instance but after the first layer, or spectral norm; leaky ReLU of slope 0.2.
func patchGAN(s *Scope, x *Node, width, layers int, spectral bool) *Node {
	for i := range layers + 1 {
		s := s.At("layer%d", i+1)
		c := nn.ConvConfig{Filters: width << min(i, 3), Kernel: 4, Stride: 2, NoBias: i > 0 && !spectral, Init: nn.Normal(s, 0.02), Spectral: spectral}
		if i == layers {
			c.Stride = 1
		}
		x = nn.Conv(s, x, c)
		if i > 0 && !spectral {
			x = nn.InstanceNorm(s, x, 1e-5)
		}
		x = nn.LeakyReLU(x, 0.2)
	}
	s = s.At("judge")
	return nn.Conv(s, x, nn.ConvConfig{Filters: 1, Kernel: 4, Init: nn.Normal(s, 0.02), Spectral: spectral})
}

// fineGAN judges the surroundings of each pixel, 5×5, of pictures [n, h, w, c]: logits [n, h, w, 1]. Isola et al. have a PixelGAN, which sees one pixel, for the
// colours; this one also sees whether an edge is sharp and an area flat. Its weights have spectral norm, but for the last, which decides how sure it may be.
// With enlarge it sees small differences enlarged, and judges one row and one column less.
func fineGAN(s *Scope, x *Node, width int, enlarge bool) *Node {
	if enlarge {
		x = enlarged(x)
	}
	for i, kernel := range []int{3, 3, 1} {
		s := s.At("fine%d", i+1)
		x = nn.LeakyReLU(nn.Conv(s, x, nn.ConvConfig{Filters: width, Kernel: kernel, Init: nn.He(s), Spectral: true}), 0.2)
	}
	s = s.At("fine")
	return nn.Conv(s, x, nn.ConvConfig{Filters: 1, Kernel: 1, Init: nn.He(s)})
}

// enlarged are pixels x [n, h, w, c] in [−1, 1] and beside them what makes small differences large, [n, h−1, w−1, 9c]: of a colour sin kπx and cos kπx for k = 2, 4 and 8 (Fourier
// features: Tancik et al. 2020, arXiv:2006.10739), and of neighbours tanh 20Δ of the differences Δ to the pixels on the right and below. A tint or a gloss changes a
// pixel by a hundredth of the range: a network with spectral norm, whose answer differs by no more than its input does, cannot tell it from a plain colour.
func enlarged(x *Node) *Node {
	here := Slice(x, AxisRange(), AxisRange(0, -1), AxisRange(0, -1))
	right := Slice(x, AxisRange(), AxisRange(0, -1), AxisRange(1))
	below := Slice(x, AxisRange(), AxisRange(1), AxisRange(0, -1))
	all := []*Node{here}
	for _, k := range []float64{2, 4, 8} {
		angle := MulScalar(here, k*math.Pi)
		all = append(all, Sin(angle), Cos(angle))
	}
	for _, there := range []*Node{right, below} {
		all = append(all, Tanh(MulScalar(Sub(there, here), 20)))
	}
	return Concatenate(all, 3)
}

// signed brings pixels from [0, 1] to [−1, 1], and unsigned back.
func signed(x *Node) *Node   { return AddScalar(MulScalar(x, 2), -1) }
func unsigned(x *Node) *Node { return MulScalar(AddScalar(x, 1), 0.5) }

// clipped cuts off what lies outside [0, 1].
func clipped(x *Node) *Node { return ClipScalar(x, 0, 1) }

// redrawn is the picture that the last layer of a generator draws, with weights of this deviation at first: its tanh, as the papers have it, or with
// skip what it adds to the picture that was given, in [−1, 1], next to nothing at first. Norm by instance takes from a picture how bright and how rich in contrast it
// is, which drawings on white need; the sum still has it, and each edge. It may leave [−1, 1], which a discriminator learns to see.
func redrawn(picture *Node, skip bool, last func(deviation float64) *Node) *Node {
	if skip {
		return Add(picture, last(0.002))
	}
	return Tanh(last(0.02))
}

// norming is the normalisation of a translator's generator: instance, or none, with which it sees how bright and how rich in contrast a picture is.
type norming string

func (n norming) norm(s *Scope, x *Node) *Node {
	if n == "none" {
		return x
	}
	return nn.InstanceNorm(s, x, 1e-5)
}

// activate leaks where there is no norm: what is below 0 everywhere would be lost for ever.
func (n norming) activate(x *Node) *Node {
	if n == "none" {
		return nn.LeakyReLU(x, 0.2)
	}
	return nn.ReLU(x)
}

// conv is a layer that norm follows: with weights of the papers, or without norm as He et al. have them, and a bias.
func (n norming) conv(s *Scope, filters, kernel, stride int) nn.ConvConfig {
	c := nn.ConvConfig{Filters: filters, Kernel: kernel, Stride: stride, NoBias: true, Init: nn.Normal(s, 0.02)}
	if n == "none" {
		c.NoBias, c.Init = false, nn.He(s)
	}
	return c
}

// meanAbsolute is the mean absolute difference.
func meanAbsolute(x, y *Node) *Node { return ReduceAllMean(Abs(Sub(x, y))) }
