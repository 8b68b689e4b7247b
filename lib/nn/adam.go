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
// /adam/name and so in the checkpoint.
func (a Adam) Update(store *model.Store, name string, steps int, vars []*model.Variable, grads []*Node) {
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
		step := Div(Div(mNow, c1), AddScalar(Sqrt(Div(sNow, c2)), a.Epsilon))
		v.SetNodeValue(Sub(v.NodeValue(g), Mul(step, rate)))
	}
}
