package nn

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// Adam is the optimizer of Kingma & Ba 2015. GoMLX's own counts the global step once an objective, which is wrong for several.
type Adam struct {
	LearningRate float64
	Beta1, Beta2 float64 // 0 means 0.9 and 0.999
	Epsilon      float64 // 0 means 1e-7
	Decay        float64 // over this share of the training, at its end, the step size falls linearly to 0
}

// Update moves the variables one step against their gradients, in a training of the given number of steps. Its state lives below
// /adam/name and so in the checkpoint. It returns the number of the step, from 1, as float32.
func (a Adam) Update(store *model.Store, name string, steps int, vars []*model.Variable, grads []*Node) (step *Node) {
	if a.Beta1 == 0 && a.Beta2 == 0 {
		a.Beta1, a.Beta2 = 0.9, 0.999
	}
	if a.Epsilon == 0 {
		a.Epsilon = 1e-7
	}
	g := grads[0].Graph()
	state := func(path string, shape shapes.Shape) *model.Variable {
		return store.VariableWithShape("/adam/"+name+path, shape, Zeros).SetTrainable(false)
	}
	count := state("/step", shapes.Make(dtypes.Int64))
	t := AddScalar(count.NodeValue(g), 1)
	count.SetNodeValue(t)
	t = ConvertDType(t, dtypes.Float32)
	correction := func(beta float64) *Node { return Neg(Expm1(MulScalar(t, math.Log(beta)))) } // 1 − βᵗ to full precision
	c1, c2 := correction(a.Beta1), correction(a.Beta2)
	rate := Scalar(g, dtypes.Float32, a.LearningRate)
	if a.Decay > 0 {
		left := MulScalar(Sub(Scalar(g, dtypes.Float32, steps+1), t), 1/(a.Decay*float64(steps)))
		rate = Mul(rate, Min(left, ScalarOne(g, dtypes.Float32)))
	}
	for i, v := range vars {
		m, s := state(v.Path()+"/m", v.Shape()), state(v.Path()+"/v", v.Shape())
		mNow := Add(MulScalar(m.NodeValue(g), a.Beta1), MulScalar(grads[i], 1-a.Beta1))
		sNow := Add(MulScalar(s.NodeValue(g), a.Beta2), MulScalar(Square(grads[i]), 1-a.Beta2))
		m.SetNodeValue(mNow)
		s.SetNodeValue(sNow)
		move := Div(Div(mNow, c1), AddScalar(Sqrt(Div(sNow, c2)), a.Epsilon))
		// The loss of a later objective must not be differentiated through this step.
		v.SetNodeValue(Sub(v.NodeValue(g), StopGradient(Mul(move, rate))))
	}
	return t
}

// MoveAverages moves the averages of the variables, which live below /average, towards their new values: by the share 1 − decay, or by more in the
// first steps, (t+1)/(t+10) being the largest decay at step t, so that the first values are soon forgotten.
func MoveAverages(store *model.Store, decay float64, step *Node, vars []*model.Variable) {
	g := step.Graph()
	d := Min(Scalar(g, dtypes.Float32, decay), Div(AddScalar(step, 1), AddScalar(step, 10)))
	for _, v := range vars {
		average := store.VariableWithShape(AveragePath+v.Path(), v.Shape(), Zeros).SetTrainable(false)
		now := v.NodeValue(g)
		average.SetNodeValue(Add(now, Mul(d, Sub(average.NodeValue(g), now))))
	}
}

// AveragePath is where MoveAverages keeps the averages, each below it at the path of its variable.
const AveragePath = "/average"
