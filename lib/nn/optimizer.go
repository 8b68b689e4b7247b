package nn

import (
	"cmp"
	"errors"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// Optimizer moves variables against the gradients of a loss: Adam, RMSProp or SGD. GoMLX's own count the global step once an objective, which is
// wrong for several.
type Optimizer interface {
	// Update moves the variables one step against their gradients, in a training of the given number of steps. Its state lives below
	// /adam/name, whatever the optimizer, and so in the checkpoint.
	Update(store *model.Store, name string, steps int, vars []*model.Variable, grads []*Node) Step
}

var _ = []Optimizer{Adam{}, RMSProp{}, SGD{}}

// UpdateConfig is what all optimizers have beside their rule. The zero value is none of it.
type UpdateConfig struct {
	Schedule    Schedule // of the learning rate; nil keeps it constant
	ClipNorm    float64  // gradients of a larger norm, over all variables, are scaled down to it (Pascanu et al. 2013); 0 is off
	ClipValue   float64  // the elements of the gradients are cut off beyond ± this; 0 is off
	WeightDecay float64  // times the learning rate, the share by which variables shrink in an update (Loshchilov & Hutter 2019); 0 is off
	ClipWeights float64  // after an update the variables are cut off beyond ± this (Arjovsky et al. 2017); 0 is off
	Accumulate  int      // steps to an update, which is by the mean of their gradients; 0 means 1. Those left over at the end are lost
}

// Step is what Update tells of a step, in float32 scalars.
type Step struct {
	Number *Node // of the update, from 1; with Accumulate, of the one under way
	Rate   *Node // the learning rate; nil if it is constant
	Norm   *Node // of the gradients in the last update, before they were clipped; nil without ClipNorm, 0 before the first update

	due *Node // whether this step ends in an update; nil if every one does
}

// set gives a variable its next value if the update is due.
func (s Step) set(v *model.Variable, next *Node) {
	if s.due != nil {
		next = Where(s.due, next, v.NodeValue(next.Graph()))
	}
	v.SetNodeValue(next)
}

// update is an update while it is built.
type update struct {
	Step
	config UpdateConfig
	store  *model.Store
	path   string
	grads  []*Node // accumulated and clipped
	rate   *Node
}

func (c UpdateConfig) begin(store *model.Store, name string, steps int, rate float64, vars []*model.Variable, grads []*Node) *update {
	g := grads[0].Graph()
	u := &update{config: c, store: store, path: "/adam/" + name, grads: grads}
	accumulate := max(c.Accumulate, 1)
	if accumulate > 1 {
		u.accumulate(accumulate, vars)
	}
	count := u.state("/step", shapes.Make(dtypes.Int64))
	t := AddScalar(count.NodeValue(g), 1)
	u.set(count, t)
	u.Number = ConvertDType(t, dtypes.Float32)
	u.clip()
	u.rate = Scalar(g, dtypes.Float32, rate)
	if c.Schedule != nil {
		u.rate = Mul(u.rate, c.Schedule(u.Number, max(steps/accumulate, 1)))
		u.Rate = u.rate
	}
	return u
}

// state is a variable that lives below the path, from 0.
func (u *update) state(path string, shape shapes.Shape) *model.Variable {
	return u.store.VariableWithShape(u.path+path, shape, Zeros).SetTrainable(false)
}

// accumulate replaces the gradients by their mean over the steps since the last update.
func (u *update) accumulate(steps int, vars []*model.Variable) {
	g := u.grads[0].Graph()
	count := u.state("/accumulated", shapes.Make(dtypes.Int64))
	n := AddScalar(count.NodeValue(g), 1)
	u.due = GreaterOrEqual(n, Scalar(g, dtypes.Int64, steps))
	count.SetNodeValue(Where(u.due, ZerosLike(n), n))
	means := make([]*Node, len(u.grads))
	for i, d := range u.grads {
		sum := u.state(vars[i].Path()+"/sum", d.Shape())
		total := Add(sum.NodeValue(g), d)
		sum.SetNodeValue(Where(u.due, ZerosLike(total), total))
		means[i] = MulScalar(total, 1/float64(steps))
	}
	u.grads = means
}

func (u *update) clip() {
	g, dtype := u.grads[0].Graph(), u.grads[0].DType()
	clipped := make([]*Node, len(u.grads))
	switch norm, value := u.config.ClipNorm, u.config.ClipValue; {
	case norm > 0 && value > 0:
		panic(errors.New("nn: both ClipNorm and ClipValue are set; leave one of them at 0"))
	case norm > 0:
		u.Norm = GlobalNorm(u.grads)
		scale := Min(Div(Scalar(g, dtype, norm), u.Norm), ScalarOne(g, dtype))
		for i, d := range u.grads {
			clipped[i] = Mul(d, scale)
		}
		if u.due != nil {
			last := u.state("/norm", u.Norm.Shape())
			u.set(last, u.Norm)
			u.Norm = last.NodeValue(g)
		}
	case value > 0:
		for i, d := range u.grads {
			clipped[i] = ClipScalar(d, -value, value)
		}
	default:
		return
	}
	u.grads = clipped
}

// average moves a state of the variable by the share 1 − decay towards x, and returns it.
func (u *update) average(v *model.Variable, path string, decay float64, x *Node) *Node {
	state := u.state(v.Path()+path, v.Shape())
	next := Add(MulScalar(state.NodeValue(x.Graph()), decay), MulScalar(x, 1-decay))
	u.set(state, next)
	return next
}

// move takes the learning rate times this from the variable.
func (u *update) move(v *model.Variable, by *Node) {
	now := v.NodeValue(by.Graph())
	if u.config.WeightDecay > 0 {
		by = Add(by, MulScalar(now, u.config.WeightDecay))
	}
	by = Mul(by, u.rate)
	if u.due != nil {
		by = Where(u.due, by, ZerosLike(by))
	}
	// The loss of a later objective must not be differentiated through this step.
	next := Sub(now, StopGradient(by))
	if c := u.config.ClipWeights; c > 0 {
		next = ClipScalar(next, -c, c)
	}
	v.SetNodeValue(next)
}

// GlobalNorm is the Euclidean norm of all the elements of the nodes together.
func GlobalNorm(nodes []*Node) *Node {
	squares := ScalarZero(nodes[0].Graph(), nodes[0].DType())
	for _, x := range nodes {
		squares = Add(squares, ReduceAllSum(Square(x)))
	}
	return Sqrt(squares)
}

// SGD is gradient descent with momentum (Polyak 1964; Sutskever et al. 2013, in the form without dampening): v ← μv + ∇, w ← w − ηv.
type SGD struct {
	LearningRate float64
	Momentum     float64 // μ
	UpdateConfig
}

// Update implements Optimizer.
func (o SGD) Update(store *model.Store, name string, steps int, vars []*model.Variable, grads []*Node) Step {
	u := o.begin(store, name, steps, o.LearningRate, vars, grads)
	for i, v := range vars {
		by := u.grads[i]
		if o.Momentum > 0 {
			state := u.state(v.Path()+"/m", v.Shape())
			by = Add(MulScalar(state.NodeValue(by.Graph()), o.Momentum), by)
			u.set(state, by)
		}
		u.move(v, by)
	}
	return u.Step
}

// RMSProp divides the gradient by the root of a running mean of its square (Tieleman & Hinton 2012): s ← ρs + (1−ρ)∇², w ← w − η∇/(√s + ε).
type RMSProp struct {
	LearningRate float64
	Rho          float64 // ρ; 0 means 0.99
	Epsilon      float64 // ε; 0 means 1e-8
	UpdateConfig
}

// Update implements Optimizer.
func (o RMSProp) Update(store *model.Store, name string, steps int, vars []*model.Variable, grads []*Node) Step {
	rho, epsilon := cmp.Or(o.Rho, 0.99), cmp.Or(o.Epsilon, 1e-8)
	u := o.begin(store, name, steps, o.LearningRate, vars, grads)
	for i, v := range vars {
		d := u.grads[i]
		s := u.average(v, "/v", rho, Square(d))
		u.move(v, Div(d, AddScalar(Sqrt(s), epsilon)))
	}
	return u.Step
}
