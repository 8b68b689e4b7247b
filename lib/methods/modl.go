package methods

import (
	"math"

	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/shapes"
)

// MoDL unrolls a proximal method whose prior is learnt (Aggarwal, Mani & Jacob 2019, IEEE TMI 38(2), arXiv:1712.02862): so many times
//
//	z = x − R(x),  x = (AᵀA + ρ)⁻¹(Aᵀy + ρz)
//
// from the first estimate of x, with one network R and one weight ρ for all times, both trained end to end. The measurement is heeded
// in every step, as the networks that only look at its first estimate do not.
type MoDL struct {
	Pairs
	Unrolled int `default:"4" range:"1:32" help:"times that the network and the step towards the measurement are applied"`
	Depth    int `default:"5" range:"3:64" help:"convolutions of the network"`
	Width    int `default:"32" range:"1:512" help:"channels of its inner layers"`
	Steps    int `default:"6" range:"1:100" help:"conjugate gradients of a step towards the measurement, where there is no closed form"`
}

// Objectives implements Trainable.
func (m *MoDL) Objectives() []Objective {
	return m.regress(0, func(s *Scope, x *Node) *Node { return m.error(s, x, m.Restore) })
}

// Restore implements Restorer.
func (m *MoDL) Restore(s *Scope, y, aux *Node) *Node {
	s = s.At("network")
	op := m.problem.Operator
	weight := s.WithInitializer(Zeros).VariableWithShape("weight", shapes.Make(y.DType())).NodeValue(y.Graph())
	rho := Exp(AddScalar(weight, math.Log(0.05))) // the paper's first λ
	x := physics.Start(op, y, aux)
	for range m.Unrolled {
		x = fidelity(op, y, aux, Sub(x, chain(s, x, m.Depth, m.Width, "none")), rho, m.Steps)
	}
	return x
}
