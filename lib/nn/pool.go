package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/shapes"
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
	blocks := Reshape(x, d[0], d[1]/side, side, d[2]/side, side, d[3])
	var most *Node
	for i := range side {
		for j := range side {
			p := Reshape(along(along(blocks, 2, i, i+1), 4, j, j+1), d[0], d[1]/side, d[2]/side, d[3])
			if most == nil {
				most = p
			} else {
				most = Max(most, p)
			}
		}
	}
	return most
}

// AvgPool is the mean of each window×window pixels, every stride of them: [b, h, w, c] becomes [b, ⌈h/stride⌉, ⌈w/stride⌉, c] with padding Same
// and [b, ⌊(h−window)/stride⌋+1, …, c] with Valid. Zeros beyond the edge do not count: a mean is of the pixels there are.
func AvgPool(x *Node, window, stride int, padding PadMode) *Node {
	b := block{"AvgPool", nil}
	b.image(x)
	b.atLeast("window", window, 1)
	b.atLeast("stride", stride, 1)
	padding = b.padding(padding)
	g := geometryOf(window, window, stride, 1, x.Shape().Dim(3))
	x = b.pad(x, &g, padding)
	sums := convolve(x, Ones(x.Graph(), shapes.Make(x.DType(), window, window, 1, g.groups)), g)
	return Div(sums, g.counts(x))
}

// counts is how many pixels of x each window has, [1, h, w, 1].
func (g geometry) counts(x *Node) *Node {
	along := func(i, at int) int {
		first := at*g.stride - g.before[i]
		return min(first+g.reach[i], g.big[i]) - max(first, 0)
	}
	n := make([]float64, 0, g.small[0]*g.small[1])
	for i := range g.small[0] {
		for j := range g.small[1] {
			n = append(n, float64(along(0, i)*along(1, j)))
		}
	}
	return constant(x, n, 1, g.small[0], g.small[1], 1)
}

// GlobalAvgPool is the mean of each channel over all pixels (Lin et al. 2014): [b, h, w, c] becomes [b, c].
func GlobalAvgPool(x *Node) *Node {
	checkImage("GlobalAvgPool", x)
	return ReduceMean(x, 1, 2)
}
