package methods

import "darkroom/lib/nn"

// LSGAN is the least-squares GAN (Mao et al. 2017, arXiv:1611.04076):
//
//	discriminator: min ½E[(D(x) − 1)²] + ½E[D(G(z))²]     generator: min ½E[(D(G(z)) − 1)²]
//
// Images that are judged right but lie far from the border still pull at the generator; a logistic loss is flat there. The networks are those of DCGAN,
// the paper's for 112×112 pixels are deeper; its Adam has step size 0.001 and β₁ = 0.5, which is too fast for these.
type LSGAN struct {
	Convolutional
	LearningRate float64 `default:"0.0002" range:"0:" help:"Adam's step size, for both networks"`
	Beta1        float64 `default:"0.5" range:"0:0.999" help:"Adam's first moment decay"`
}

// Pose implements Method.
func (m *LSGAN) Pose(p Problem) error { return m.pose("lsgan", p) }

// Objectives implements Trainable.
func (m *LSGAN) Objectives() []Objective {
	adam := nn.Adam{LearningRate: m.LearningRate, Beta1: m.Beta1, Beta2: 0.999}
	game := m.game(adversarial("least-squares"), "batch")
	game.Discriminator, game.Generator = adam, adam
	return game.Objectives()
}
