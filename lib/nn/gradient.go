package nn

import (
	"fmt"
	"sync"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/shapes"
)

// GoMLX has no gradient for Reverse, Pad and convolutions with input dilation, and so none for a transposed convolution nor for the second
// derivative of a strided one or of a slice; others of its gradients are right, but slow. Its table of gradients is open, but a node's parameters are not; so the blocks that know them
// attach the gradient to the node that they made, and the table asks the node first. TestUpstreamGradients fails once GoMLX
// closes the gap.

type gradientsKey struct{}

// gradients are the attached gradients of one graph: from the adjoint of the node to those of its inputs.
type gradients struct {
	mu sync.Mutex
	of map[NodeId]func(v *Node) []*Node
}

// withGradient attaches a gradient to a node and returns the node.
func withGradient(y *Node, gradient func(v *Node) []*Node) *Node {
	g := y.Graph()
	at, ok := g.State(gradientsKey{}).(*gradients)
	if !ok {
		at = &gradients{of: map[NodeId]func(*Node) []*Node{}}
		g.AttachState(gradientsKey{}, at)
	}
	at.mu.Lock()
	defer at.mu.Unlock()
	at.of[y.Id()] = gradient
	return y
}

func attached(n *Node) func(v *Node) []*Node {
	at, ok := n.Graph().State(gradientsKey{}).(*gradients)
	if !ok {
		return nil
	}
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.of[n.Id()]
}

func init() { // the table is GoMLX's; there is no other way in
	for _, kind := range []NodeType{NodeTypeBroadcastInDim, NodeTypeConvGeneral, NodeTypeMax, NodeTypeReverse, NodeTypeSlice} {
		stock := VJPRegistration[kind]
		VJPRegistration[kind] = func(n *Node, vs []*Node, shape shapes.Shape) []*Node {
			if gradient := attached(n); gradient != nil {
				return gradient(vs[0])
			}
			if stock == nil {
				panic(fmt.Errorf("nn: no gradient is defined for %s", n)) // GoMLX hangs on a panic that is no error
			}
			return stock(n, vs, shape)
		}
	}
}
