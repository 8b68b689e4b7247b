package engine

import (
	"context"
	"fmt"

	"darkroom/lib/methods"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// runner lets methods that fit at once use the backend, until ctx ends.
type runner struct {
	ctx     context.Context
	backend compute.Backend
}

// Compile implements methods.Runner.
func (r runner) Compile(fn func(inputs []*graph.Node) []*graph.Node) func(inputs ...methods.Array) ([]methods.Array, error) {
	var exec *graph.Exec
	return func(inputs ...methods.Array) (out []methods.Array, err error) {
		if r.ctx.Err() != nil {
			return nil, fmt.Errorf("stopped while fitting; the same command begins again, and comes to the same: %w", context.Cause(r.ctx))
		}
		err = guard("fit", func() error {
			if exec == nil {
				if exec, err = graph.NewExec(r.backend, fn); err != nil {
					return err
				}
			}
			args := make([]any, len(inputs))
			for i, a := range inputs {
				args[i] = fromArray(a)
			}
			results, err := exec.Call(args...)
			if err != nil {
				return err
			}
			for _, t := range results {
				a, err := toArray(t)
				if err != nil {
					return err
				}
				out = append(out, a)
			}
			return nil
		})
		return out, err
	}
}
