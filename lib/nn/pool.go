package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// MaxPoolBlocks is the largest of each side×side block of pixels: [b, h, w, c] becomes [b, h/side, w/side, c]. side must divide both. The blocks
// are compared as slices, whose gradient XLA's CPU backend computes faster than that of a windowed reduction.
func MaxPoolBlocks(x *Node, side int) *Node {
	b := block{"MaxPoolBlocks", nil}
	b.image(x)
	b.atLeast("side", side, 1)
	d := x.Shape().Dimensions
	if d[1]%side != 0 || d[2]%side != 0 {
		b.fail("blocks of %d×%d do not divide the %d×%d pixels of x %s; %s do, or crop it", side, side, d[1], d[2], x.Shape(), divisors(d[1], d[2]))
	}
	var most *Node
	for i := range side {
		for j := range side {
			p := every(x, side, i, j)
			if most == nil {
				most = p
			} else {
				most = Max(most, p)
			}
		}
	}
	return most
}

// every is pixel (i, j) of each side×side block of pixels. It must not be a slice of the reshaped blocks: XLA's CPU backend may write what is
// computed from x over x where one fused loop reads x as it lies and as a reshaped view, and a ReLU's and this gradient are such a loop
// (unet64 of lib/bench's TestGradients).
func every(x *Node, side, i, j int) *Node {
	d := x.Shape().Dimensions
	return withGradient(Slice(x, AxisRange(), AxisRange(i).Stride(side), AxisRange(j).Stride(side), AxisRange()), func(v *Node) []*Node {
		v = Reshape(v, d[0], d[1]/side, 1, d[2]/side, 1, d[3])
		v = padAxis(v, 4, [2]int{j, side - 1 - j}, PadZero)
		v = padAxis(v, 2, [2]int{i, side - 1 - i}, PadZero)
		return []*Node{Reshape(v, d...)}
	})
}

// AvgPool is the mean of each window×window pixels, every stride of them: [b, h, w, c] becomes [b, ⌈h/stride⌉, ⌈w/stride⌉, c] with padding Same
// and [b, ⌊(h−window)/stride⌋+1, …, c] with Valid. Zeros beyond the edge do not count: a mean is of the pixels there are. It is a product with
// a small matrix along each axis, as Resize; XLA's own depthwise convolution takes tens of times as long on a CPU.
func AvgPool(x *Node, window, stride int, padding PadMode) *Node {
	b := block{"AvgPool", nil}
	b.image(x)
	b.atLeast("window", window, 1)
	b.atLeast("stride", stride, 1)
	padding = b.padding(padding)
	d := x.Shape().Dimensions
	if window == stride && d[1]%window == 0 && d[2]%window == 0 {
		return ReduceMean(Reshape(x, d[0], d[1]/window, window, d[2]/window, window, d[3]), 2, 4)
	}
	g := geometryOf(window, window, stride, 1, 1)
	g.over([2]int{d[1], d[2]}, padding != Valid)
	b.window(x, g, padding)
	return along2(x, g.means(0, padding), g.means(1, padding))
}

// means is the matrix [small, big] of the means along one axis, row-major.
func (g geometry) means(axis int, padding PadMode) []float64 {
	big := g.big[axis]
	m := make([]float64, g.small[axis]*big)
	for i := range g.small[axis] {
		var at []int
		for k := range g.reach[axis] {
			if j, ok := beyond(i*g.stride-g.before[axis]+k, big, padding); ok {
				at = append(at, j)
			}
		}
		for _, j := range at {
			m[i*big+j] += 1 / float64(len(at))
		}
	}
	return m
}

// beyond is the pixel of n that stands at a place, which may lie beyond the edge; false for a zero.
func beyond(at, n int, padding PadMode) (int, bool) {
	switch {
	case at >= 0 && at < n:
		return at, true
	case padding == PadReplicate:
		return min(max(at, 0), n-1), true
	case padding == PadReflect && at < 0:
		return -at, true
	case padding == PadReflect:
		return 2*(n-1) - at, true
	}
	return 0, false
}

// GlobalAvgPool is the mean of each channel over all pixels (Lin et al. 2014): [b, h, w, c] becomes [b, c].
func GlobalAvgPool(x *Node) *Node {
	checkImage("GlobalAvgPool", x)
	return ReduceMean(x, 1, 2)
}
