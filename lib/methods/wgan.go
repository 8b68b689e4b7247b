package methods

import "darkroom/lib/nn"

// WGAN is the Wasserstein GAN (Arjovsky, Chintala & Bottou 2017, arXiv:1701.07875). Its critic f estimates the earth mover's distance of the real and
// the generated images, by the Kantorovich–Rubinstein duality,
//
//	W(p, q) = max over f of slope ≤ 1:  E[f(x)] − E[f(G(z))],     generator: min −E[f(G(z))]
//
// where weights cut off at ± clip bound the slope, to some constant instead of 1: the distance that the events tell is in a unit of its own. As in the
// paper: the networks of DCGAN, five updates of the critic to one of the generator, RMSProp without momentum. The paper's own configuration is width=64
// average=0 on images of 64×64.
type WGAN struct {
	Convolutional
	Clip         float64 `default:"0.01" range:"1e-06:" help:"size at which the critic's weights are cut off after each update"`
	Critic       int     `default:"5" range:"1:100" help:"updates of the critic to one of the generator"`
	LearningRate float64 `default:"5e-05" range:"0:" help:"RMSProp's step size, for both networks"`
}

// Pose implements Method.
func (m *WGAN) Pose(p Problem) error { return m.pose("wgan", p) }

// Objectives implements Trainable.
func (m *WGAN) Objectives() []Objective {
	game := m.game(adversarial("wasserstein"), "batch")
	game.Critic = m.Critic
	game.Discriminator = nn.RMSProp{LearningRate: m.LearningRate, UpdateConfig: nn.UpdateConfig{ClipWeights: m.Clip}}
	game.Generator = nn.RMSProp{LearningRate: m.LearningRate}
	return game.Objectives()
}
