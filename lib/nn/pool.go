package nn

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// MaxPoolBlocks is the largest of each side×side block of pixels: [b, h, w, c] becomes [b, h/side, w/side, c]. side must divide both. The blocks
// are compared as slices, whose gradient XLA's CPU backend computes faster than that of a windowed reduction.
func MaxPoolBlocks(x *Node, side int) *Node {
	checkImage("MaxPoolBlocks", x)
	d := x.Shape().Dimensions
	if side < 1 || d[1]%side != 0 || d[2]%side != 0 {
		panic(fmt.Errorf("nn.MaxPoolBlocks: blocks of %d do not divide %s", side, x.Shape()))
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
