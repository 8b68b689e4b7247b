package nn

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// AdversarialLoss is the game between a discriminator and a generator, as means over logits [batch, ...]: what the discriminator minimises
// on real and generated images, and what the generator minimises.
type AdversarialLoss struct {
	Name          string
	Discriminator func(real, fake *Node) *Node
	Generator     func(fake *Node) *Node
}

// AdversarialLosses lists the games, each in its numerically safe form: of logits, not of probabilities.
var AdversarialLosses = []AdversarialLoss{
	{"non-saturating", bernoulliDiscriminator, func(fake *Node) *Node { // Goodfellow et al. 2014, section 3
		return ReduceAllMean(softplus(Neg(fake)))
	}},
	{"minimax", bernoulliDiscriminator, func(fake *Node) *Node { // Goodfellow et al. 2014, equation 1
		return Neg(ReduceAllMean(softplus(fake)))
	}},
	{"least-squares", func(real, fake *Node) *Node { // Mao et al. 2017, with targets 1 and 0
		return MulScalar(Add(ReduceAllMean(Square(AddScalar(real, -1))), ReduceAllMean(Square(fake))), 0.5)
	}, func(fake *Node) *Node {
		return MulScalar(ReduceAllMean(Square(AddScalar(fake, -1))), 0.5)
	}},
	{"hinge", func(real, fake *Node) *Node { // Lim & Ye 2017
		return Add(ReduceAllMean(ReLU(AddScalar(Neg(real), 1))), ReduceAllMean(ReLU(AddScalar(fake, 1))))
	}, negativeMean},
	{"wasserstein", func(real, fake *Node) *Node { // Arjovsky et al. 2017; the critic must be made Lipschitz
		return Sub(ReduceAllMean(fake), ReduceAllMean(real))
	}, negativeMean},
}

// LabelSmoothing is the non-saturating game in which the discriminator takes real images for real only with probability 1 − smoothing, so
// that it does not grow too sure (one-sided: Salimans et al. 2016, section 3.4). smoothing is in [0, 1); they use 0.1.
func LabelSmoothing(smoothing float64) AdversarialLoss {
	block{"LabelSmoothing", nil}.smoothing(smoothing)
	game := AdversarialLosses[0]
	game.Name += ", smoothed"
	game.Discriminator = func(real, fake *Node) *Node {
		return Add(bernoulliDiscriminator(real, fake), MulScalar(ReduceAllMean(real), smoothing))
	}
	return game
}

func bernoulliDiscriminator(real, fake *Node) *Node {
	return Add(ReduceAllMean(softplus(Neg(real))), ReduceAllMean(softplus(fake)))
}

func negativeMean(fake *Node) *Node { return Neg(ReduceAllMean(fake)) }

// GradientPenalty is the mean over the batch of (‖∇D(x̂)‖ − 1)² at points x̂ between real and generated images, drawn by u [batch, 1, 1,
// 1] uniform on [0, 1] (Gulrajani et al. 2017). critic maps images to one value each.
func GradientPenalty(critic func(x *Node) *Node, real, fake, u *Node) *Node {
	block{"GradientPenalty", nil}.together(operand{"real", real}, operand{"fake", fake}, operand{"u", u})
	x := Add(Mul(u, StopGradient(real)), Mul(OneMinus(u), StopGradient(fake)))
	norm := Sqrt(AddScalar(squaredGradients(critic, x), 1e-12))
	return ReduceAllMean(Square(AddScalar(norm, -1)))
}

// R1 is half the mean over the batch of ‖∇D(x)‖² at real images (Mescheder et al. 2018).
func R1(critic func(x *Node) *Node, real *Node) *Node {
	return MulScalar(ReduceAllMean(squaredGradients(critic, real)), 0.5)
}

// squaredGradients is ‖∇D(x)‖² for each image, [batch]. The critic's values are summed: no image's value may depend on another's, so the
// critic has no batch norm.
func squaredGradients(critic func(x *Node) *Node, x *Node) *Node {
	gradient := Gradient(ReduceAllSum(critic(x)), x)[0]
	return ReduceSum(Square(Flatten(gradient)), -1)
}

// TotalVariation is the mean over the batch of the sum of absolute differences of neighbouring pixels (anisotropic; Rudin et al. 1992),
// for images [batch, height, width, channels].
func TotalVariation(x *Node) *Node {
	b := block{"TotalVariation", nil}
	b.image(x)
	d := x.Shape().Dimensions
	b.atLeast("the height of x", d[1], 2)
	b.atLeast("the width of x", d[2], 2)
	difference := func(axis int) *Node {
		return ReduceAllSum(Abs(Sub(along(x, axis, 1, d[axis]), along(x, axis, 0, d[axis]-1))))
	}
	return DivScalar(Add(difference(1), difference(2)), float64(d[0]))
}
