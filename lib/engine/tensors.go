package engine

import (
	"fmt"
	"strings"

	"darkroom/lib/methods"
	"darkroom/lib/nn"
	"darkroom/lib/record"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// types are the names that the file format has for the types of variables.
var types = map[dtypes.DType]string{
	dtypes.Float32: "F32", dtypes.Float64: "F64", dtypes.Int32: "I32", dtypes.Int64: "I64", dtypes.Uint64: "U64", dtypes.Bool: "BOOL",
}

// rngPath is where GoMLX keeps the state of its random numbers.
const rngPath = "/" + model.RNGStateVariableName

// save copies the variables of a store that pass the filter.
func save(store *model.Store, keep func(path string) bool) ([]record.Tensor, error) {
	var out []record.Tensor
	for v := range store.IterVariables() {
		if !v.HasValue() || !keep(v.Path()) {
			continue
		}
		value, err := v.Value()
		if err != nil {
			return nil, err
		}
		name, ok := types[value.DType()]
		if !ok {
			return nil, fmt.Errorf("variable %s has type %s, which checkpoints cannot hold", v.Path(), value.DType())
		}
		t := record.Tensor{Name: strings.TrimPrefix(v.Path(), "/"), DType: name, Shape: value.Shape().Dimensions}
		if err := value.ConstBytes(func(b []byte) { t.Data = append([]byte(nil), b...) }); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// loader gives a store the saved values when the graph asks for the variables, so that they are made in the same order as in the first
// session: the compiled program, and with it every bit, is the same.
type loader map[string]record.Tensor

func newLoader(ts []record.Tensor) loader {
	l := loader{}
	for _, t := range ts {
		l["/"+t.Name] = t
	}
	return l
}

// LoadVariable implements model.Loader.
func (l loader) LoadVariable(_ *model.Store, path string) (*tensors.Tensor, bool) {
	t, ok := l[path]
	if !ok {
		return nil, false
	}
	delete(l, path)
	for dt, name := range types {
		if name != t.DType {
			continue
		}
		value := tensors.FromShape(shapes.Make(dt, t.Shape...))
		if err := value.MutableBytes(func(b []byte) { copy(b, t.Data) }); err != nil {
			panic(err)
		}
		return value, true
	}
	return nil, false
}

// DeleteVariable implements model.Loader.
func (l loader) DeleteVariable(_ *model.Store, path string) error {
	delete(l, path)
	return nil
}

// trained returns a store with the weights of a finished run, their averages where it has them. seed starts the random numbers that graphs of measures draw.
func trained(r *record.Run, seed int64) (*model.Store, error) {
	l, err := weights(r)
	if err != nil {
		return nil, err
	}
	return l.store(seed)
}

// weights are those that a finished run uses, their averages where it has them: its own, or those of the run that it takes them from.
func weights(r *record.Run) (loader, error) {
	if r.Spec.From != "" {
		return borrowed(r)
	}
	ts, err := r.Weights()
	if err != nil {
		return nil, err
	}
	return averages(ts), nil
}

// averages finds the variables' averages, where there are any, in the place of their values.
func averages(ts []record.Tensor) loader {
	l := newLoader(ts)
	for path, t := range l {
		if of, ok := strings.CutPrefix(path, nn.AveragePath); ok {
			l[of] = t
		}
	}
	return l
}

// store is a new store that finds these values.
func (l loader) store(seed int64) (*model.Store, error) {
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(seed); err != nil {
		return nil, err
	}
	store.SetLoader(l)
	return store, nil
}

// isState says whether a variable is needed to go on training but not to use what was learnt.
func isState(path string) bool {
	return strings.HasPrefix(path, "/adam/") || strings.HasPrefix(path, "/pool/") || strings.HasPrefix(path, "/"+methods.Perception+"/") || path == rngPath || path == pendingPath
}

// toArray copies a tensor of float32 to the host.
func toArray(t *tensors.Tensor) (methods.Array, error) {
	data, err := tensors.CopyFlatData[float32](t)
	return methods.Array{Shape: t.Shape().Dimensions, Data: data}, err
}

func fromArray(a methods.Array) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(a.Data, a.Shape...)
}
