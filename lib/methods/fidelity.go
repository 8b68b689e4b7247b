package methods

import (
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/gomlx/core/tensors"
)

// fidelity is the proximal step towards a measurement that most methods with a prior share:
//
//	argmin ½‖Ax − y‖² + ½ρ‖x − z‖² = (AᵀA + ρ)⁻¹(Aᵀy + ρz)
//
// with ρ [n, 1, 1, 1] or a scalar. Where A is pixelwise or a circular blur it is exact, else so many steps of conjugate gradients from z.
func fidelity(op physics.Operator, y, aux, z, rho *Node, steps int) *Node {
	right := Add(op.Adjoint(y, aux), Mul(rho, z))
	if p, ok := physics.As[physics.Pixelwise](op); ok {
		gain := OnesLike(z)
		if m := p.Gain(aux); m != nil {
			gain = Square(m)
		}
		return Div(right, Add(gain, rho))
	}
	if blur := response(op); blur != nil {
		solve := spectral(blur, rho)
		x := StopGradient(solve(right)) // what is left over is nearly 0, and has the gradient, by right and by ρ
		return Add(x, solve(Sub(right, Add(op.Adjoint(op.Forward(x, aux), aux), Mul(rho, x)))))
	}
	return conjugate(op, aux, right, z, rho, steps)
}

// spectral is v ↦ (AᵀA + ρ)⁻¹v for a circular blur, with its gradient by v, which is itself.
func spectral(blur physics.Convolution, rho *Node) func(v *Node) *Node {
	var solve func(v *Node) *Node
	solve = func(v *Node) *Node {
		d := v.Shape().Dimensions
		re, im := blur.Response(d[1], d[2])
		power := make([]float32, len(re))
		for i := range re {
			power[i] = float32(re[i]*re[i] + im[i]*im[i])
		}
		inverse := Inverse(Add(ConstTensor(v.Graph(), tensors.FromFlatDataAndDimensions(power, 1, 1, d[1], d[2]/2+1)), StopGradient(rho)))
		x := StopGradient(physics.Filter(v, inverse, ZerosLike(inverse)))
		zero := Sub(IdentityWithCustomGradient(v, func(_, g *Node) *Node { return solve(g) }), StopGradient(v))
		return Add(x, zero)
	}
	return solve
}

// conjugate solves (AᵀA + ρ)x = right by conjugate gradients from x.
func conjugate(op physics.Operator, aux, right, x, rho *Node, steps int) *Node {
	apply := func(v *Node) *Node { return Add(op.Adjoint(op.Forward(v, aux), aux), Mul(rho, v)) }
	dot := func(a, b *Node) *Node { return ReduceAndKeep(Mul(a, b), ReduceSum, 1, 2, 3) }
	over := func(a, b *Node) *Node { return Div(a, AddScalar(b, 1e-20)) } // 0 once it is solved
	r := Sub(right, apply(x))
	p, rr := r, dot(r, r)
	for range steps {
		ap := apply(p)
		step := over(rr, dot(p, ap))
		x, r = Add(x, Mul(step, p)), Sub(r, Mul(step, ap))
		next := dot(r, r)
		p, rr = Add(r, Mul(over(next, rr), p)), next
	}
	return x
}
