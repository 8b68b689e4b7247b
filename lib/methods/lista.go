package methods

import (
	"darkroom/lib/sparse"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// LISTA is sparse coding whose steps are learnt (Gregor & LeCun 2010, Learning fast approximations of sparse coding, ICML), with the coupled weights of
// Chen, Liu, Wang & Yin 2018 (arXiv:1808.10038), so that a mask has its place: so many times
//
//	a ← shrink(a + (m∘(y − aD))W, θₖ)
//
// from 0 for each overlapping patch y less its mean, then x̂ = average of aD + mean. D, W and the θₖ begin as those of ISTA over cosines and are trained end
// to end on patches that do not overlap.
type LISTA struct {
	Pairs
	Side     int `default:"8" range:"2:32" help:"side of the patches that are coded"`
	Stride   int `default:"2" range:"1:32" help:"pixels between neighbouring ones when a picture is restored"`
	Atoms    int `default:"16" range:"2:64" help:"the dictionary has the square of this many atoms"`
	Unrolled int `default:"6" range:"1:64" help:"steps of the code"`
}

// Pose implements Method.
func (m *LISTA) Pose(p Problem) error {
	if err := poseOverlap("lista", p, m.Side, m.Stride); err != nil {
		return err
	}
	return m.Posed.Pose(p)
}

// Objectives implements Trainable.
func (m *LISTA) Objectives() []Objective {
	return m.regress(0, func(scope *Scope, x *Node) *Node {
		y, aux := measure(scope, m.problem.Operator, x)
		s := see("lista", "side", m.problem.Operator, y, aux, m.Side, m.Side)
		truth := s.cut(Div(x, s.scale))
		return Mul(ReduceAllMean(Square(Sub(Add(m.estimate(scope, s), s.mean), truth))), ReduceAllMean(Square(s.scale)))
	})
}

// Restore implements Restorer.
func (m *LISTA) Restore(scope *Scope, y, aux *Node) *Node {
	s := see("lista", "side", m.problem.Operator, y, aux, m.Side, m.Stride)
	return s.average(m.estimate(scope, s), 0)
}

// estimate is aD of the signals.
func (m *LISTA) estimate(scope *Scope, s seen) *Node {
	size, atoms := m.Side*m.Side, m.Atoms*m.Atoms
	norm2, err := sparse.OvercompleteDCT(m.Side, m.Atoms).Norm2()
	if err != nil {
		panic(err)
	}
	variable := func(name string, rows, columns int, begin func(g *Graph) *Node) *Node {
		init := func(g *Graph, _ shapes.Shape) *Node { return begin(g) }
		return scope.At("network").WithInitializer(init).VariableWithShape(name, shapes.Make(dtypes.Float32, rows, columns)).NodeValue(s.signals.Graph())
	}
	d := variable("dictionary", atoms, size, func(g *Graph) *Node { return cosines(g, m.Side, m.Atoms) })
	w := variable("encoder", size, atoms, func(g *Graph) *Node {
		return MulScalar(TransposeAllAxes(cosines(g, m.Side, m.Atoms), 1, 0), 1/norm2)
	})
	threshold := variable("thresholds", m.Unrolled, atoms, func(g *Graph) *Node { // λ/L with the λ of fista
		return MulScalar(Ones(g, shapes.Make(dtypes.Float32, m.Unrolled, atoms)), 1.9/norm2)
	})
	var a *Node
	for k := range m.Unrolled {
		r := s.signals
		if a != nil {
			r = Sub(r, MatMul(a, d))
		}
		if s.mask != nil {
			r = Mul(r, s.mask)
		}
		v := MatMul(r, w)
		if a != nil {
			v = Add(v, a)
		}
		t := Slice(threshold, AxisElem(k))
		a = Sub(v, Max(Min(v, t), Neg(t))) // shrunk by t
	}
	return MatMul(a, d)
}
