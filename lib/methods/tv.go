package methods

import (
	"math"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// TV restores by total variation (Rudin, Osher & Fatemi 1992), for any operator:
//
//	x̂ = argmin ½‖Ax − y‖² + λ Σ |∇x|,  ∇ the forward differences, |·| over both directions in each channel
//
// by the primal-dual algorithm of Chambolle & Pock (2011, J. Math. Imaging Vis. 40): Algorithm 2 with O(1/N²) where A is the identity, else
// Algorithm 1. Where A is pixelwise its proximal step is exact, else ½‖Ax − y‖² is dualised, too.
type TV struct {
	Posed
	Lambda     float64 `default:"0.9" range:"0:" help:"weight of the total variation, in units of the noise's deviation (at least 1/255)"`
	Iterations int     `default:"200" range:"1:100000" help:"steps of the primal-dual algorithm"`
}

// Restore implements Restorer.
func (m *TV) Restore(_ *Scope, y, aux *Node) *Node {
	op, g := m.problem.Operator, y.Graph()
	lambda := MulScalar(MaxScalar(physics.Level(op, y), 1.0/255), m.Lambda)
	pixelwise, exact := physics.As[physics.Pixelwise](op)
	gamma, norm := 0.0, 3.0 // the smooth part's convexity; a bound on ‖(∇, A)‖ = √(8 + 1)
	if exact {
		norm = math.Sqrt(8)
		if onlyNoise(op) {
			gamma = 1
		}
	}
	x := whole(op, y, aux)
	zero := ZerosLike(x)
	state := []*Node{Const(g, int32(0)), x, x, zero, zero, Const(g, float32(primalStep/norm)), Const(g, float32(1/(primalStep*norm))), lambda, y}
	if !exact {
		state = append(state, ZerosLike(y))
	}
	if aux != nil {
		state = append(state, aux)
	}
	parameters := func(g *Graph) []*Node {
		out := make([]*Node, len(state))
		for i, v := range state {
			out[i] = Parameter(g, "", v.Shape())
		}
		return out
	}
	cond := NewClosure(g, func(g *Graph) []*Node {
		return []*Node{LessThan(parameters(g)[0], Const(g, int32(m.Iterations)))}
	})
	body := NewClosure(g, func(g *Graph) []*Node {
		s := parameters(g)
		x, ahead, p, q, tau, sigma, lambda, y := s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]
		var aux *Node
		if len(s) > 9 && exact || len(s) > 10 {
			aux = s[len(s)-1]
		}
		one := Const(g, float32(1))
		// The dual steps: p and q within the disc of radius λ at each pixel.
		p, q = Add(p, Mul(sigma, difference(ahead, 1))), Add(q, Mul(sigma, difference(ahead, 2)))
		outside := Max(one, Div(Sqrt(Add(Square(p), Square(q))), Max(lambda, Const(g, float32(1e-30)))))
		p, q = Div(p, outside), Div(q, outside)
		back := Add(differenceAdjoint(p, 1), differenceAdjoint(q, 2))
		out := []*Node{Add(s[0], Const(g, int32(1)))}
		var next *Node
		if exact {
			next = Sub(x, Mul(tau, back))
			weight := BroadcastToShape(tau, x.Shape())
			if gain := pixelwise.Gain(aux); gain != nil {
				next = Add(next, Mul(Mul(tau, gain), y))
				weight = Mul(weight, Mul(gain, gain))
			} else {
				next = Add(next, Mul(tau, y))
			}
			next = Div(next, Add(one, weight))
		} else {
			r := s[9]
			r = Div(Add(r, Mul(sigma, Sub(op.Forward(ahead, aux), y))), Add(one, sigma))
			next = Sub(x, Mul(tau, Add(back, op.Adjoint(r, aux))))
			s[9] = r
		}
		theta := Div(one, Sqrt(Add(one, Mul(tau, Const(g, float32(2*gamma))))))
		ahead = Add(next, Mul(theta, Sub(next, x)))
		return append(append(out, next, ahead, p, q, Mul(theta, tau), Div(sigma, theta)), s[7:]...)
	})
	return While(cond, body, state...)[1]
}

// primalStep is how many times larger the first primal step is than the dual one, squared: pictures are larger than their duals.
const primalStep = 3

// difference is the forward difference along an axis, 0 at the end.
func difference(x *Node, axis int) *Node {
	n := x.Shape().Dim(axis)
	if n == 1 {
		return zerosLike(x)
	}
	return Concatenate([]*Node{Sub(part(x, axis, 1, n), part(x, axis, 0, n-1)), zerosLike(part(x, axis, 0, 1))}, axis)
}

// differenceAdjoint is its adjoint, for p that is 0 at the end.
func differenceAdjoint(p *Node, axis int) *Node {
	n := p.Shape().Dim(axis)
	if n == 1 {
		return zerosLike(p)
	}
	return Sub(Concatenate([]*Node{zerosLike(part(p, axis, 0, 1)), part(p, axis, 0, n-1)}, axis), p)
}

// part is x[from:to] along an axis.
func part(x *Node, axis, from, to int) *Node {
	ranges := make([]SliceAxisSpec, axis+1)
	for i := range ranges {
		ranges[i] = AxisRange()
	}
	ranges[axis] = AxisRange(from, to)
	return Slice(x, ranges...)
}

// zerosLike is ZerosLike for a loop's body.
func zerosLike(x *Node) *Node { return BroadcastToShape(Const(x.Graph(), float32(0)), x.Shape()) }
