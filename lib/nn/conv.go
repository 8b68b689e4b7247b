package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/shapes"
)

// ConvConfig describes a convolution. The zero values of Stride, Dilation and Groups mean 1, that of Padding means Same.
type ConvConfig struct {
	Filters  int // output channels
	Kernel   int // side of the square kernel
	Stride   int // step between two windows
	Dilation int // step between two pixels that the kernel reads (Yu & Koltun 2016)
	Groups   int // input and output channels fall into so many groups, each convolved alone; as many as channels: depthwise
	Padding  PadMode
	NoBias   bool // for a layer that a batch norm follows
	Spectral bool // the kernel is divided by its spectral norm
	Mask     Mask
	Init     Initializer
}

// Paddings of convolutions and pooling, beside the pad modes. With reach = dilation·(kernel−1)+1 for the side of the dilated kernel:
const (
	// Same makes ⌈side/stride⌉ pixels of an image's side, as TensorFlow's SAME: the image is padded by (⌈side/stride⌉−1)·stride + reach −
	// side pixels, half of them on each side, an odd one at the end. Same pads by zeros, as PadZero does; PadReflect and PadReplicate pad by
	// as many other pixels.
	Same PadMode = ""
	// Valid pads by nothing: ⌊(side−reach)/stride⌋+1 pixels are left.
	Valid PadMode = "valid"
)

// Mask zeroes weights of an odd kernel, so that a pixel's result depends only on pixels before it in reading order (van den Oord et al. 2016,
// arXiv:1601.06759, section 3.4). The zero value is none.
type Mask string

// The masks.
const (
	MaskA Mask = "A" // the pixel itself is not seen: of the first layer
	MaskB Mask = "B" // it is seen: of the layers after that
)

// weights are those of a kernel of a side [side, side, 1, 1]: 1 or 0.
func (m Mask) weights(like *Node) *Node {
	side := like.Shape().Dim(0)
	w := make([]float64, side*side)
	for i := range side * side / 2 {
		w[i] = 1
	}
	if m == MaskB {
		w[side*side/2] = 1
	}
	return Reshape(constant(like, w, side, side), side, side, 1, 1)
}

// Conv is a convolution: with padding Same, [b, h, w, in] becomes [b, ⌈h/stride⌉, ⌈w/stride⌉, filters]. Its kernel is [kernel, kernel,
// in/groups, filters].
func Conv(s *Scope, x *Node, c ConvConfig) *Node {
	b := block{"Conv", s}
	c = b.conv(x, c)
	in := x.Shape().Dim(3)
	kernel := s.WithInitializer(c.Init).
		VariableWithShape("kernel", shapes.Make(x.DType(), c.Kernel, c.Kernel, in/c.Groups, c.Filters)).NodeValue(x.Graph())
	if c.Spectral {
		kernel = SpectralNorm(s, kernel)
	}
	if c.Mask != "" {
		if c.Kernel%2 == 0 || c.Mask != MaskA && c.Mask != MaskB {
			b.fail("mask %q on a kernel of %d; masks are nn.MaskA and nn.MaskB, and the side of their kernel is odd", c.Mask, c.Kernel)
		}
		kernel = Mul(kernel, c.Mask.weights(kernel))
	}
	g := c.geometry()
	x = b.pad(x, &g, c.Padding)
	y := convolve(x, kernel, g)
	if c.NoBias {
		return y
	}
	return AddBias(s, y)
}

// ConvTranspose is the transpose (the gradient) of Conv with respect to its input. With padding Same, [b, h, w, in] becomes [b, h·stride,
// w·stride, filters]; with Valid, (h−1)·stride + dilation·(kernel−1) + 1 rows and so many columns, as PyTorch's without padding. There
// is no other padding. Its kernel is [kernel, kernel, filters/groups, in], as TensorFlow's.
func ConvTranspose(s *Scope, x *Node, c ConvConfig) *Node {
	b := block{"ConvTranspose", s}
	c = b.conv(x, c)
	if c.Mask != "" {
		b.fail("Mask is for convolutions; leave it out")
	}
	if c.Spectral {
		b.fail("Spectral is for discriminators, which have no transposed convolutions; leave it out")
	}
	if c.Padding != Same && c.Padding != Valid {
		b.fail("padding %q; a transposed convolution has %s", c.Padding, paddings(Same, Valid))
	}
	d := x.Shape().Dimensions
	kernel := s.WithInitializer(c.Init).
		VariableWithShape("kernel", shapes.Make(x.DType(), c.Kernel, c.Kernel, c.Filters/c.Groups, d[3])).NodeValue(x.Graph())
	g := c.geometry()
	side := func(small int) int {
		if c.Padding == Valid {
			return (small-1)*c.Stride + g.reach[0]
		}
		return small * c.Stride
	}
	g.over([2]int{side(d[1]), side(d[2])}, c.Padding != Valid)
	y := transposed(x, kernel, g)
	if c.NoBias {
		return y
	}
	return AddBias(s, y)
}

// ResizeConv enlarges an image by a factor before it convolves it: unlike a transposed convolution, it writes every pixel equally often
// (Odena et al. 2016). [b, h, w, in] becomes [b, h·factor/stride, w·factor/stride, filters].
func ResizeConv(s *Scope, x *Node, factor int, kind Interpolation, c ConvConfig) *Node {
	b := block{"ResizeConv", s}
	b.image(x)
	b.atLeast("factor", factor, 1)
	b.known(kind)
	return Conv(s, Upsample(x, factor, kind), c)
}

// geometry is that of the square kernel, without an image yet.
func (c ConvConfig) geometry() geometry {
	return geometryOf(c.Kernel, c.Kernel, c.Stride, c.Dilation, c.Groups)
}

// conv checks x and c for a convolution, and fills in what c leaves out.
func (b block) conv(x *Node, c ConvConfig) ConvConfig {
	b.image(x)
	for _, n := range []*int{&c.Stride, &c.Dilation, &c.Groups} {
		if *n == 0 {
			*n = 1
		}
	}
	b.atLeast("Filters", c.Filters, 1)
	b.atLeast("Kernel", c.Kernel, 1)
	b.atLeast("Stride", c.Stride, 1)
	b.atLeast("Dilation", c.Dilation, 1)
	b.atLeast("Groups", c.Groups, 1)
	if in := x.Shape().Dim(3); in%c.Groups != 0 || c.Filters%c.Groups != 0 {
		b.fail("%d groups do not divide both the %d channels of x %s and %d filters; %s groups do",
			c.Groups, in, x.Shape(), c.Filters, divisors(in, c.Filters))
	}
	c.Padding = b.padding(c.Padding)
	b.initializer(c.Init)
	return c
}

// pad completes a geometry by the image that it goes over, and pads the image where the convolution does not do it.
func (b block) pad(x *Node, g *geometry, padding PadMode) *Node {
	d := x.Shape().Dimensions
	g.over([2]int{d[1], d[2]}, padding != Valid)
	b.window(x, *g, padding)
	if padding == Same || padding == Valid {
		return x
	}
	for i, p := range g.forward() {
		x = padAxis(x, i+1, p, padding)
	}
	d = x.Shape().Dimensions
	g.over([2]int{d[1], d[2]}, false)
	return x
}

// window checks that windows fit on x.
func (b block) window(x *Node, g geometry, padding PadMode) {
	if padding == Valid && (g.big[0] < g.reach[0] || g.big[1] < g.reach[1]) {
		b.fail("x is %s, smaller than the window of %d×%d; use padding %s", x.Shape(), g.reach[0], g.reach[1],
			paddings(Same, PadReflect, PadReplicate))
	}
	for i, p := range g.forward() {
		b.reflection(x, max(p[0], p[1]), i+1, padding)
	}
}
