package sparse

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see lasso.go

	"github.com/gomlx/compute/shapes"
)

// handled returns the results. Where the plugin has a handler of the kind (RewriteCalls of lib/engine/onednn), that computes them
// from the operands instead, all of them matrices, and what the results were made by is dropped from the program.
func handled(kind string, operands []*Node, results ...*Node) []*Node {
	in := append(operands, results...)
	like := make([]shapes.Shape, len(in))
	for i, v := range in {
		like[i] = v.Shape()
	}
	name := fmt.Sprintf("darkroom_%s_%d", kind, results[0].Id()) // which no other node of the program has
	return NewFunction(results[0].Graph(), name, func(g *Graph) []*Node { return parameters(g, like)[len(operands):] }).Call(in...)
}

// options are numbers for a handler, [1, n].
func options(v *Node, numbers ...float64) *Node {
	row := make([]float32, len(numbers))
	for i, x := range numbers {
		row[i] = float32(x)
	}
	return Const(v.Graph(), [][]float32{row})
}

// yes is 1 for true.
func yes(v bool) float64 {
	if v {
		return 1
	}
	return 0
}
