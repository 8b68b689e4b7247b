package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/record"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// tellEvery is how many steps of a fit to one picture lie between two events.
const tellEvery = 50

// adapt fits the method's variables to one measurement and restores it. All chance in it comes from the seed and the picture's name.
func (j *job) adapt(ctx context.Context, r *record.Run, m methods.Adapter, name string, y, aux lab.Image) (x lab.Image, err error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", j.spec.Seed, name))
	store, err := trained(r, int64(binary.LittleEndian.Uint64(sum[:])>>1))
	if err != nil {
		return x, err
	}
	steps, optimizer := m.Adapt()
	args := []any{asTensor(y)}
	if aux.Pix != nil {
		args = append(args, asTensor(aux))
	}
	err = guard(j.spec.Method, func() error {
		exec, err := model.NewExec(j.backend, store, func(s *model.Scope, in []*graph.Node) *graph.Node {
			in = append(in, nil)
			store.SetTraining(in[0].Graph(), false)
			misfit := m.Misfit(s, in[0], in[1])
			var vars []*model.Variable
			var nodes []*graph.Node
			for v := range store.IterVariables() {
				if v.Trainable && strings.HasPrefix(v.Path(), "/"+methods.Adapted+"/") && v.InUseByGraph(misfit.Graph()) {
					vars, nodes = append(vars, v), append(nodes, v.NodeValue(misfit.Graph()))
				}
			}
			optimizer.Update(store, "all", steps, vars, graph.Gradient(misfit, nodes...))
			return misfit
		})
		if err != nil {
			return err
		}
		defer exec.Finalize()
		for step := range steps {
			if ctx.Err() != nil {
				return fmt.Errorf("stopped while fitting to %s; the same command begins this picture again: %w", name, context.Cause(ctx))
			}
			out, err := exec.Call(args...)
			if err != nil {
				return err
			}
			if (step+1)%tellEvery != 0 && step+1 < steps {
				continue
			}
			misfit := float64(tensors.ToScalar[float32](out[0]))
			if math.IsNaN(misfit) || math.IsInf(misfit, 0) {
				return fmt.Errorf("the misfit to %s became %v at step %d; try a lower learning-rate", name, misfit, step+1)
			}
			j.tell(lab.Event{Stage: "evaluate", Note: fmt.Sprintf("%s: step %d of %d, misfit %.4g", name, step+1, steps, misfit)})
		}
		return nil
	})
	if err != nil {
		return x, err
	}
	return j.restore(store, m, y, aux)
}
