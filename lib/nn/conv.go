package nn

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/shapes"
)

// ConvConfig describes a convolution. The zero value of Stride means 1.
type ConvConfig struct {
	Filters int // output channels
	Kernel  int // side of the square kernel
	Stride  int
	NoBias  bool // for a layer that a batch norm follows
	Init    Initializer
}

// Conv is a convolution with padding SAME: [b, h, w, in] becomes [b, ⌈h/stride⌉, ⌈w/stride⌉, filters].
func Conv(s *Scope, x *Node, c ConvConfig) *Node {
	checkImage("Conv", x)
	in := x.Shape().Dim(3)
	kernel := s.WithInitializer(c.Init).
		VariableWithShape("kernel", shapes.Make(x.DType(), c.Kernel, c.Kernel, in, c.Filters)).NodeValue(x.Graph())
	y := convolve(x, kernel, max(c.Stride, 1))
	if c.NoBias {
		return y
	}
	return AddBias(s, y)
}

// ConvTranspose is the transpose (the gradient) of Conv with respect to its input: [b, h, w, in] becomes [b, h·stride,
// w·stride, filters]. Its kernel is [kernel, kernel, filters, in], as TensorFlow's.
func ConvTranspose(s *Scope, x *Node, c ConvConfig) *Node {
	checkImage("ConvTranspose", x)
	d := x.Shape().Dimensions
	stride := max(c.Stride, 1)
	kernel := s.WithInitializer(c.Init).
		VariableWithShape("kernel", shapes.Make(x.DType(), c.Kernel, c.Kernel, c.Filters, d[3])).NodeValue(x.Graph())
	y := transposed(x, kernel, geometryOf([]int{d[0], d[1] * stride, d[2] * stride, c.Filters}, kernel.Shape().Dimensions, stride))
	if c.NoBias {
		return y
	}
	return AddBias(s, y)
}

// convolve is a strided convolution with TensorFlow's SAME padding: x [b, h, w, in], kernel [k, k, in, out].
func convolve(x, kernel *Node, stride int) *Node {
	g := geometryOf(x.Shape().Dimensions, kernel.Shape().Dimensions, stride)
	y := Convolve(x, kernel).Strides(stride).PaddingPerDim(g.forward()).Done()
	return withGradient(y, func(v *Node) []*Node {
		return []*Node{transposed(v, kernel, g), kernelGradient(x, v, g)}
	})
}

// transposed is the gradient of sum(convolve(big, kernel)·small) with respect to big.
func transposed(small, kernel *Node, g geometry) *Node {
	flipped := flip(kernel, 0, 1)
	axes := imageAxes
	axes.KernelInputChannels, axes.KernelOutputChannels = 3, 2
	y := Convolve(small, flipped).AxesConfig(axes).InputDilationPerAxis(g.stride, g.stride).PaddingPerDim(g.transposed()).Done()
	return withGradient(y, func(v *Node) []*Node { // with respect to small and to the flipped kernel
		return []*Node{convolve(v, kernel, g.stride), flip(kernelGradient(v, small, g), 0, 1)}
	})
}

// kernelGradient is the gradient of sum(convolve(big, kernel)·small) with respect to the kernel.
func kernelGradient(big, small *Node, g geometry) *Node {
	axes := ConvolveAxesConfig{
		InputBatch: 3, InputSpatial: []int{1, 2}, InputChannels: 0,
		KernelInputChannels: 0, KernelSpatial: []int{1, 2}, KernelOutputChannels: 3,
		OutputBatch: 2, OutputSpatial: []int{0, 1}, OutputChannels: 3,
	}
	y := Convolve(big, small).AxesConfig(axes).DilationPerAxis(g.stride, g.stride).PaddingPerDim(g.kernel()).Done()
	return withGradient(y, func(v *Node) []*Node { // v has the kernel's shape
		return []*Node{transposed(small, v, g), convolve(big, v, g.stride)}
	})
}

var imageAxes = ConvolveAxesConfig{
	InputBatch: 0, InputSpatial: []int{1, 2}, InputChannels: 3,
	KernelSpatial: []int{0, 1}, KernelInputChannels: 2, KernelOutputChannels: 3,
	OutputBatch: 0, OutputSpatial: []int{1, 2}, OutputChannels: 3,
}

// geometry is the common geometry of a convolution and its two gradients, by spatial axis.
type geometry struct {
	big, small, side [2]int // input, output and kernel
	before           [2]int // padding before the input
	stride           int
}

func geometryOf(x, kernel []int, stride int) geometry {
	g := geometry{stride: stride}
	for i := range 2 {
		g.big[i], g.side[i] = x[i+1], kernel[i]
		g.small[i] = (g.big[i] + stride - 1) / stride
		g.before[i] = max((g.small[i]-1)*stride+g.side[i]-g.big[i], 0) / 2 // SAME: the odd pixel goes to the end
	}
	return g
}

// span is the extent of the small image once it is dilated by the stride.
func (g geometry) span(i int) int { return (g.small[i]-1)*g.stride + 1 }

func (g geometry) forward() [][2]int {
	return [][2]int{g.pad(0, g.before[0]), g.pad(1, g.before[1])}
}

// pad completes the padding of a forward pass: the end is what makes exactly small outputs.
func (g geometry) pad(i, before int) [2]int {
	return [2]int{before, g.span(i) - 1 + g.side[i] - g.big[i] - before}
}

func (g geometry) transposed() [][2]int {
	out := make([][2]int, 2)
	for i := range out {
		before := g.side[i] - 1 - g.before[i]
		out[i] = [2]int{before, g.big[i] - 1 + g.side[i] - g.span(i) - before}
	}
	return out
}

func (g geometry) kernel() [][2]int {
	out := make([][2]int, 2)
	for i := range out {
		out[i] = [2]int{g.before[i], g.side[i] - 1 + g.span(i) - g.big[i] - g.before[i]}
	}
	return out
}

func checkImage(block string, x *Node) {
	if x.Rank() != 4 {
		panic(fmt.Errorf("nn.%s: x is %s, but must be [batch, height, width, channels]", block, x.Shape()))
	}
}
