package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/model"
)

// AveragePath is where MoveAverages keeps the averages, each below it at the path of its variable.
const AveragePath = "/average"

// MoveAverages moves the averages of the variables, which live below /average, towards their new values: by the share 1 − decay, or by more in the
// first updates, (t+1)/(t+10) being the largest decay at update t, so that the first values are soon forgotten. It does so once an update.
func MoveAverages(store *model.Store, decay float64, step Step, vars []*model.Variable) {
	t := step.Number
	g := t.Graph()
	d := Min(Scalar(g, dtypes.Float32, decay), Div(AddScalar(t, 1), AddScalar(t, 10)))
	for _, v := range vars {
		average := store.VariableWithShape(AveragePath+v.Path(), v.Shape(), Zeros).SetTrainable(false)
		now := v.NodeValue(g)
		step.set(average, Add(now, Mul(d, Sub(average.NodeValue(g), now))))
	}
}
