package methods

import (
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see vae.go
)

// VAEGAN is a VAE whose likelihood is not of pixels but of what a discriminator sees (Larsen, Sønderby, Larochelle & Winther 2016, arXiv:1512.09300), so
// that it draws sharp images and still encodes:
//
//	encoder:        min KL(q(z|x) ‖ p(z)) + ½‖f(x) − f(x̃)‖²,  x̃ = G(z), z ~ q(z|x), f the discriminator's last features
//	decoder G:      min γ·½‖f(x) − f(x̃)‖² − E[log D(x̃)] − E[log D(G(ε))],  ε ~ N(0, 1)
//	discriminator:  min −E[log D(x)] − ½E[log(1 − D(x̃))] − ½E[log(1 − D(G(ε)))]
//
// The decoder and the discriminator are those of dcgan, the encoder is a discriminator of its own with a code in place of the logit, and the decoder's game is
// the non-saturating one. As in the paper: batch norm, RMSProp with steps of 0.0003, and no gradient of the discriminator but from its own game. There is no
// likelihood of pixels, so none is measured. The paper's layers are wider, of 5×5, and its code of 128, on images of 64×64.
type VAEGAN struct {
	Convolutional
	Gamma        float64 `default:"0.001" range:"0:" help:"weight of the likelihood of features, a sum over them, against the decoder's game, γ"`
	LearningRate float64 `default:"0.0003" range:"0:" help:"RMSProp's step size, for the three networks"`
}

// Pose implements Method.
func (m *VAEGAN) Pose(p Problem) error { return m.pose("vae-gan", p) }

// Objectives implements Trainable.
func (m *VAEGAN) Objectives() []Objective {
	by := nn.RMSProp{LearningRate: m.LearningRate}
	loss := adversarial("non-saturating")
	game := Game{Loss: loss, Latent: m.Latent}
	judge := func(s *Scope, x *Node) (features, logit *Node) {
		features = m.features(s, x, "batch")
		return features, score(s, features, "batch", loss)
	}
	// misfit is the KL term by dimension, ½‖f(x) − f(x̃)‖² as a mean over the images, and D's logit of x̃.
	misfit := func(s *Scope, x *Node) (kl, unlike, logit *Node) {
		mean, logVar := m.encode(s, x)
		again := m.generate(s, reparameterise(mean, logVar, game.noise(s, x)))
		seen, _ := judge(s, x)
		f, logit := judge(s, again)
		unlike = MulScalar(ReduceAllMean(ReduceSum(Square(Sub(nn.Flatten(f), StopGradient(nn.Flatten(seen)))), -1)), 0.5)
		return ReduceMean(nn.KLStandard(mean, logVar), 0), unlike, logit
	}
	return []Objective{
		{Name: "discriminator", Scopes: []string{"discriminator"}, Optimizer: by, Loss: func(s *Scope, b Batch) Loss {
			x := signed(b.X)
			mean, logVar := m.encode(s, x)
			again := StopGradient(m.generate(s, reparameterise(mean, logVar, game.noise(s, x))))
			_, onReal := judge(s, x)
			_, onAgain := judge(s, again)
			_, onFake := judge(s, StopGradient(m.generate(s, game.noise(s, x))))
			lies := Concatenate([]*Node{onAgain, onFake}, 0)
			return Loss{loss.Discriminator(onReal, lies), game.opinions(onReal, lies)}
		}},
		{Name: "generator", Scopes: []string{"generator"}, Optimizer: by, Average: m.Average, Loss: func(s *Scope, b Batch) Loss {
			x := signed(b.X)
			_, unlike, onAgain := misfit(s, x)
			fake := m.generate(s, game.noise(s, x))
			_, onFake := judge(s, fake)
			deceit := Add(loss.Generator(onAgain), loss.Generator(onFake))
			return Loss{Add(deceit, MulScalar(unlike, m.Gamma)), []Term{{"adversarial", deceit}, {"diversity", diversity(fake)}}}
		}},
		{Name: "encoder", Scopes: []string{"encoder"}, Optimizer: by, Average: m.Average, Loss: func(s *Scope, b Batch) Loss {
			kl, unlike, _ := misfit(s, signed(b.X))
			return Loss{Add(unlike, ReduceAllSum(kl)), codeTerms(unlike, kl)}
		}},
	}
}

// encode maps images in [−1, 1] to the mean and log-variance of q(z|x), each [n, latent].
func (m *VAEGAN) encode(s *Scope, x *Node) (mean, logVar *Node) {
	s = s.At("encoder")
	h, code := nn.Flatten(m.features(s, x, "batch")), s.At("code")
	h = nn.Dense(code, h, 2*m.Latent, nn.Normal(code, 0.02))
	return Slice(h, AxisRange(), AxisRange(0, m.Latent)), Slice(h, AxisRange(), AxisRange(m.Latent))
}

// Encode implements Encoder.
func (m *VAEGAN) Encode(s *Scope, x *Node) (mean, logVar *Node) { return m.encode(s, signed(x)) }
