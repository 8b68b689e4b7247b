package methods

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// IWAE is the importance weighted autoencoder (Burda, Grosse & Salakhutdinov 2015, arXiv:1509.00519): the networks of vae, trained with a
// tighter bound of k codes for each image,
//
//	log p(x) ≥ E[ log (1/k) Σᵢ p(x, zᵢ)/q(zᵢ|x) ],  zᵢ ~ q(z|x)
//
// With k = 1 it is vae's bound, its KL term estimated by the one code instead of in closed form.
type IWAE struct {
	dense
	Samples int `default:"5" range:"1:1000" help:"codes for each image in a training step, k"`
}

// Pose implements Method.
func (m *IWAE) Pose(p Problem) error { return m.pose("iwae", p) }

// Objectives implements Trainable.
func (m *IWAE) Objectives() []Objective {
	return m.objective(func(s *Scope, b Batch) Loss {
		x := m.data(s, b.X)
		eps := m.noise(s, x.Graph(), m.Batch*m.Samples)
		weights, likelihood, kl := m.weigh(s, x, eps, m.Samples)
		return Loss{Neg(ReduceAllMean(logMeanExp(weights))), codeTerms(Neg(ReduceAllMean(likelihood)), ReduceMean(kl, 0))}
	})
}
