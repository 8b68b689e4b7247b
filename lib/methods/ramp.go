package methods

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// ramp rises linearly from 0 to 1 over so many steps of a training, and stays there: a float32 scalar. Its count, in the scope of that name, is kept with the weights, so
// that a resumed training goes on from it.
func ramp(s *Scope, name string, steps int, g *Graph) *Node {
	done := s.At("%s", name).WithInitializer(model.VariableInitializer(Zeros)).
		VariableWithShape("steps", shapes.Make(dtypes.Float32)).SetTrainable(false)
	now := done.NodeValue(g)
	done.SetNodeValue(AddScalar(now, 1))
	return Min(MulScalar(now, 1/float64(steps)), ScalarOne(g, dtypes.Float32))
}
