package methods

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go

	"github.com/gomlx/compute/dtypes"
)

// BetaVAE is the β-VAE (Higgins et al. 2017, ICLR): vae with more weight on the KL term, which makes the latent dimensions more independent
// and reconstructions worse,
//
//	min −E_q(z|x)[log p(x|z)] + β·Σⱼ KLⱼ
//
// and with the two common cures for dimensions that collapse: β may rise linearly from 0 over the first steps (Bowman et al. 2016;
// Sønderby et al. 2016), and each dimension may have some nats for free, Σⱼ max(λ, KLⱼ) with the mean of KLⱼ over the batch (Kingma et al.
// 2016, equation 15, where the dimensions fall into groups).
type BetaVAE struct {
	dense
	Beta     float64 `default:"4" range:"0:" help:"weight of the KL term, β"`
	WarmUp   int     `default:"0" range:"0:" help:"steps over which the weight of the KL term rises from 0 to beta"`
	FreeBits float64 `default:"0" range:"0:" help:"nats below which the KL term of a latent dimension does not count, λ"`
}

// Pose implements Method.
func (m *BetaVAE) Pose(p Problem) error { return m.pose("beta-vae", p) }

// Objectives implements Trainable.
func (m *BetaVAE) Objectives() []Objective {
	return m.objective(func(s *Scope, b Batch) Loss {
		reconstruction, kl := m.elbo(s, m.data(s, b.X))
		g := kl.Graph()
		counted := kl
		if m.FreeBits > 0 {
			counted = Max(kl, Scalar(g, kl.DType(), m.FreeBits))
		}
		weight := Scalar(g, dtypes.Float32, m.Beta)
		if m.WarmUp > 0 {
			weight = Mul(weight, ramp(s, "warm-up", m.WarmUp, g))
		}
		return Loss{
			Add(reconstruction, Mul(ReduceAllSum(counted), weight)),
			append(codeTerms(reconstruction, kl), Term{"weight/kl", weight}),
		}
	})
}
