package methods

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// RED is regularisation by denoising (Romano, Elad & Milanfar 2017, SIAM J. Imaging Sci. 10(4), arXiv:1611.02862): for a denoiser f,
//
//	x̂ = argmin ½‖Ax − y‖²/σ² + ½λ xᵀ(x − f(x))
//
// whose gradient is Aᵀ(Ax − y)/σ² + λ(x − f(x)), for an f with a symmetric Jacobian that scales with its picture; found by the paper's fixed
// point, x = (AᵀA/σ² + λ)⁻¹(Aᵀy/σ² + λf(x)).
type RED struct {
	Prior
	Iterations int     `default:"20" range:"1:1000" help:"steps of the fixed point, a denoising each"`
	Level      float64 `default:"5" range:"0.1:255" help:"level of the noise that the denoiser is told, of 255; a network tells it by itself"`
	Lambda     float64 `default:"0.02" range:"0:" help:"λ, the weight of the prior, for values up to 255"`
	Steps      int     `default:"10" range:"1:1000" help:"conjugate gradients of a step towards the measurement, where there is no closed form"`
}

// Restore implements Restorer.
func (m *RED) Restore(s *Scope, y, aux *Node) *Node {
	op := m.problem.Operator
	sigma := 255 * level(op)
	rho := Scalar(y.Graph(), y.DType(), m.Lambda*sigma*sigma)
	x := whole(op, y, aux)
	for range m.Iterations {
		x = fidelity(op, y, aux, m.denoise(s, x, m.Level/255), rho, m.Steps)
	}
	return x
}
