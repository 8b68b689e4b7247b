package nn

import (
	"errors"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/gomlx/ml/model"
)

// Adam is the optimizer of Kingma & Ba 2015; with WeightDecay, AdamW (Loshchilov & Hutter 2019).
type Adam struct {
	LearningRate float64
	Beta1, Beta2 float64 // 0 means 0.9 and 0.999
	Epsilon      float64 // 0 means 1e-7
	Decay        float64 // above 0, short for the schedule LinearDecay(Decay)
	UpdateConfig
}

// Update implements Optimizer.
func (a Adam) Update(store *model.Store, name string, steps int, vars []*model.Variable, grads []*Node) Step {
	if a.Beta1 == 0 && a.Beta2 == 0 {
		a.Beta1, a.Beta2 = 0.9, 0.999
	}
	if a.Epsilon == 0 {
		a.Epsilon = 1e-7
	}
	if a.Decay > 0 {
		if a.Schedule != nil {
			panic(errors.New("nn.Adam: both Decay and Schedule are set; leave Decay at 0"))
		}
		a.Schedule = LinearDecay(a.Decay)
	}
	u := a.begin(store, name, steps, a.LearningRate, vars, grads)
	correction := func(beta float64) *Node { return Neg(Expm1(MulScalar(u.Number, math.Log(beta)))) } // 1 − βᵗ to full precision
	// m/c₁ / (√(s/c₂) + ε) with one division and no more for each element: m / (√s + ε√c₂) · √c₂/c₁.
	root := Sqrt(correction(a.Beta2))
	ratio, epsilon := Div(root, correction(a.Beta1)), MulScalar(root, a.Epsilon)
	for i, v := range vars {
		m, s := u.average(v, "/m", a.Beta1, u.grads[i]), u.average(v, "/v", a.Beta2, Square(u.grads[i]))
		u.move(v, Mul(Div(m, Add(Sqrt(s), epsilon)), ratio))
	}
	return u.Step
}
