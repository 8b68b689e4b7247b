package methods

import "darkroom/lib/nn"

// WGANGP is the Wasserstein GAN whose critic is held to slope 1 by a gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028):
//
//	critic: min E[f(G(z))] − E[f(x)] + λ·E[(‖∇f(x̂)‖ − 1)²],  x̂ uniform on the lines between pairs of x and G(z)
//
// Batch norm would make f of many images at once, so the critic has layer norm or none. As in the paper: λ = 10, five updates of the critic to one of
// the generator, Adam with β₁ = 0 and β₂ = 0.9. The paper's own configuration for these networks is width=64 average=0 on images of 64×64.
type WGANGP struct {
	Convolutional
	Norm         string  `default:"layer" range:"layer|none" help:"normalisation of the critic"`
	Penalty      float64 `default:"10" range:"0:" help:"weight λ of the gradient penalty"`
	Critic       int     `default:"5" range:"1:100" help:"updates of the critic to one of the generator"`
	LearningRate float64 `default:"0.0001" range:"0:" help:"Adam's step size, for both networks"`
}

// Pose implements Method.
func (m *WGANGP) Pose(p Problem) error { return m.pose("wgan-gp", p) }

// Objectives implements Trainable.
func (m *WGANGP) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: 0, Beta2: 0.9}
	game := m.game(adversarial("wasserstein"), m.Norm)
	game.Discriminator, game.Generator = adam, adam
	game.Critic, game.Penalty = m.Critic, m.Penalty
	return game.Objectives()
}
