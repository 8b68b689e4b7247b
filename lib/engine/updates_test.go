package engine

import (
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/nn"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// descent trains a weight by three updates and another by one, each against the mean of its batch.
type descent struct{ methods.Posed }

func (descent) BatchSize() int { return 2 }

func (descent) Objectives() []methods.Objective {
	objective := func(name string, updates int) methods.Objective {
		return methods.Objective{
			Name: name, Scopes: []string{name}, Updates: updates, Optimizer: nn.SGD{LearningRate: 1},
			Loss: func(s *model.Scope, b methods.Batch) methods.Loss {
				w := s.Store().VariableWithShape("/"+name+"/weight", shapes.Make(dtypes.Float32), model.VariableInitializer(graph.Zeros))
				mean := graph.ReduceAllMean(b.X)
				label := graph.ReduceAllMean(graph.ConvertDType(b.Label, dtypes.Float32))
				return methods.Loss{Total: graph.Mul(w.NodeValue(b.X.Graph()), mean), Terms: []methods.Term{{Name: "mean", Value: mean}, {Name: "label", Value: label}}}
			},
		}
	}
	return []methods.Objective{objective("critic", 3), objective("generator", 0)}
}

// TestUpdates takes a step of objectives that are minimised three times and once: each time on a batch of its own.
func TestUpdates(t *testing.T) {
	store := model.NewStore()
	tr := &trainer{job: &job{spec: lab.Spec{Steps: 1}}, store: store}
	out := model.MustCallOnceN(xlatest.Backend(t), store, func(s *model.Scope, in []*graph.Node) []*graph.Node {
		return tr.graph(s, new(descent), in)
	}, tensors.FromFlatDataAndDimensions([]float32{0, 1, 2, 3, 4, 5}, 6, 1, 1, 1), []int32{0, 0, 1, 1, 7, 9})
	for path, want := range map[string]float32{"/critic/weight": -0.5 - 2.5 - 4.5, "/generator/weight": -0.5} {
		if got := store.GetVariable(path).MustValue().Value().(float32); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	names := []string{"critic/loss", "critic/mean", "critic/label", "gradient/critic", "generator/loss", "generator/mean", "generator/label", "gradient/generator"}
	if !slices.Equal(tr.names, names) {
		t.Errorf("the scalars are %v, want %v", tr.names, names)
	}
	if got, want := tensors.MustCopyFlatData[float32](out[0]), []float32{-3 * 4.5, 4.5, 8, 4.5, 0, 0.5, 0, 0.5}; !slices.Equal(got, want) {
		t.Errorf("the scalars are %v, want %v", got, want)
	}
}
