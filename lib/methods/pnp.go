package methods

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// PnP plugs a denoiser D in where a splitting has the proximal step of its prior (Venkatakrishnan, Bouman & Wohlberg 2013, Plug-and-play priors
// for model based reconstruction, GlobalSIP):
//
//	x = argmin ½‖Ax − y‖² + ½ρ‖x − (z − u)‖²,  z = D(x + u),  u ← u + x − z
//
// is the alternating direction method of multipliers (admm); without u it is half-quadratic splitting (hqs). The denoiser's level σ_k falls
// from First to the noise's, evenly in its logarithm, with ρ = λσ²/σ_k² (Zhang et al. 2021, arXiv:2008.13751). So one denoiser serves every
// operator.
type PnP struct {
	Prior
	Form       string  `default:"hqs" range:"hqs|admm" help:"half-quadratic splitting, or the alternating direction method of multipliers"`
	Iterations int     `default:"8" range:"1:1000" help:"steps of the splitting, a denoising each"`
	First      float64 `default:"49" range:"0.1:255" help:"first level of the denoiser, of 255"`
	Lambda     float64 `default:"0.23" range:"0:" help:"λ, the weight of the prior"`
	Steps      int     `default:"10" range:"1:1000" help:"conjugate gradients of a step towards the measurement, where there is no closed form"`
}

// Restore implements Restorer.
func (m *PnP) Restore(s *Scope, y, aux *Node) *Node {
	op := m.problem.Operator
	sigma := level(op)
	z := whole(op, y, aux)
	u := ZerosLike(z)
	last := 0.0
	for k := range m.Iterations {
		share := float64(k) / float64(max(m.Iterations-1, 1))
		now := math.Exp((1-share)*math.Log(m.First/255) + share*math.Log(sigma))
		rho := Scalar(y.Graph(), y.DType(), m.Lambda*sigma*sigma/(now*now))
		if m.Form == "hqs" {
			z = m.denoise(s, fidelity(op, y, aux, z, rho, m.Steps), now)
			continue
		}
		if k > 0 {
			u = MulScalar(u, now*now/(last*last)) // u is the multiplier over ρ, which has changed
		}
		x := fidelity(op, y, aux, Sub(z, u), rho, m.Steps)
		z = m.denoise(s, Add(x, u), now)
		u, last = Add(u, Sub(x, z)), now
	}
	return z
}
