package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Check compiles and runs a small graph with a convolution and its gradient, and says how long that took.
func (e *Engine) Check(ctx context.Context) (string, error) {
	b, err := e.Backend(ctx)
	if err != nil {
		return "", err
	}
	begin := time.Now()
	sum := 0.0
	err = guard("check", func() error {
		exec, err := graph.NewExec(b, func(x *graph.Node) *graph.Node {
			k := graph.Ones(x.Graph(), shapes.Make(dtypes.Float32, 3, 3, 1, 1))
			y := graph.Convolve(x, k).PadSame().Done()
			return graph.ReduceAllSum(graph.Gradient(graph.ReduceAllSum(graph.Square(y)), x)[0])
		})
		if err != nil {
			return err
		}
		out, err := exec.Call([][][][]float32{{{{1}, {2}}, {{3}, {4}}}})
		if err == nil {
			sum = float64(out[0].Value().(float32))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	// Each of the four windows holds all four pixels: y = 10, dΣy²/dx = 4·2·10, and there are four x.
	if want := 320.0; sum != want {
		return "", fmt.Errorf("the graph gave %v in place of %v", sum, want)
	}
	return time.Since(begin).Round(time.Millisecond).String(), nil
}
