package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// convolve is a convolution of x [b, h, w, in] with kernel [kh, kw, in/groups, out]. It, transposed and kernelGradient are the derivatives of
// one another, so that each has derivatives of any order.
func convolve(x, kernel *Node, g geometry) *Node {
	y := ConvGeneral(x, kernel, imageAxes, both(g.stride), g.forward(), nil, unlessOne(g.dilation), g.groups, 1)
	return withGradient(y, func(v *Node) []*Node {
		return []*Node{transposed(v, kernel, g), kernelGradient(x, v, g)}
	})
}

// transposed is the gradient of sum(convolve(big, kernel)·small) with respect to big.
func transposed(small, kernel *Node, g geometry) *Node {
	flipped := flip(g.regroup(kernel), 0, 1)
	axes := imageAxes
	axes.KernelInputChannels, axes.KernelOutputChannels = 3, 2
	y := ConvGeneral(small, flipped, axes, nil, g.transposed(), both(g.stride), unlessOne(g.dilation), g.groups, 1)
	return withGradient(y, func(v *Node) []*Node { // with respect to small and to the flipped kernel
		return []*Node{convolve(v, kernel, g), flip(g.regroup(kernelGradient(v, small, g)), 0, 1)}
	})
}

// kernelGradient is the gradient of sum(convolve(big, kernel)·small) with respect to the kernel.
func kernelGradient(big, small *Node, g geometry) *Node {
	axes := ConvolveAxesConfig{
		InputBatch: 3, InputSpatial: []int{1, 2}, InputChannels: 0,
		KernelInputChannels: 0, KernelSpatial: []int{1, 2}, KernelOutputChannels: 3,
		OutputBatch: 2, OutputSpatial: []int{0, 1}, OutputChannels: 3,
	}
	y := ConvGeneral(big, small, axes, unlessOne(g.dilation), g.kernel(), nil, both(g.stride), 1, g.groups)
	return withGradient(y, func(v *Node) []*Node { // v has the kernel's shape
		return []*Node{transposed(small, v, g), convolve(big, v, g)}
	})
}

var imageAxes = ConvolveAxesConfig{
	InputBatch: 0, InputSpatial: []int{1, 2}, InputChannels: 3,
	KernelSpatial: []int{0, 1}, KernelInputChannels: 2, KernelOutputChannels: 3,
	OutputBatch: 0, OutputSpatial: []int{1, 2}, OutputChannels: 3,
}

// geometry is the common geometry of a convolution and its two gradients, by spatial axis.
type geometry struct {
	big, small [2]int // input and output
	reach      [2]int // side of the dilated kernel
	before     [2]int // padding before the input

	stride, dilation, groups int
}

func geometryOf(height, width, stride, dilation, groups int) geometry {
	return geometry{stride: stride, dilation: dilation, groups: groups,
		reach: [2]int{(height-1)*dilation + 1, (width-1)*dilation + 1}}
}

// over sets the image that the convolution goes over, padded as SAME or not at all.
func (g *geometry) over(big [2]int, padded bool) {
	g.big = big
	for i := range 2 {
		if padded {
			g.small[i] = (g.big[i] + g.stride - 1) / g.stride
			g.before[i] = max(g.span(i)-1+g.reach[i]-g.big[i], 0) / 2 // the odd pixel goes to the end
		} else {
			g.small[i], g.before[i] = (g.big[i]-g.reach[i])/g.stride+1, 0
		}
	}
}

// span is the extent of the small image once it is dilated by the stride.
func (g geometry) span(i int) int { return (g.small[i]-1)*g.stride + 1 }

// forward is the padding of a forward pass: enough at the end for the small output. What no window reaches is not cut off.
func (g geometry) forward() [][2]int {
	out := make([][2]int, 2)
	for i := range out {
		out[i] = [2]int{g.before[i], max(g.span(i)-1+g.reach[i]-g.big[i]-g.before[i], 0)}
	}
	return out
}

func (g geometry) transposed() [][2]int {
	out := make([][2]int, 2)
	for i := range out {
		before := g.reach[i] - 1 - g.before[i]
		out[i] = [2]int{before, g.big[i] - 1 + g.reach[i] - g.span(i) - before}
	}
	return out
}

func (g geometry) kernel() [][2]int {
	out := make([][2]int, 2)
	for i := range out {
		out[i] = [2]int{g.before[i], g.reach[i] - 1 + g.span(i) - g.big[i] - g.before[i]}
	}
	return out
}

// regroup makes of a kernel [kh, kw, in/groups, out] one [kh, kw, in, out/groups], which the transposed convolution wants.
func (g geometry) regroup(kernel *Node) *Node {
	if g.groups == 1 {
		return kernel
	}
	d := kernel.Shape().Dimensions
	k := Reshape(kernel, d[0], d[1], d[2], g.groups, d[3]/g.groups)
	return Reshape(TransposeAllAxes(k, 0, 1, 3, 2, 4), d[0], d[1], g.groups*d[2], d[3]/g.groups)
}

func both(n int) []int { return []int{n, n} }

// unlessOne leaves a dilation of 1 out of the program.
func unlessOne(n int) []int {
	if n == 1 {
		return nil
	}
	return both(n)
}
