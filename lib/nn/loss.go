package nn

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// softplus is log(1 + eˣ) without overflow; GoMLX's asks of every element whether it is finite. max(x, 0) is written (x + |x|)/2, whose
// gradient at 0 is ½.
func softplus(x *Node) *Node {
	a := Abs(x)
	return Add(MulScalar(Add(x, a), 0.5), Log1p(Exp(Neg(a))))
}

// BernoulliLogits is the negative log-likelihood of targets in [0, 1] under Bernoulli variables given by their logits, elementwise:
// softplus(l) − t·l.
func BernoulliLogits(target, logits *Node) *Node {
	block{"BernoulliLogits", nil}.together(operand{"target", target}, operand{"logits", logits})
	return Sub(softplus(logits), Mul(target, logits))
}

// CategoricalLogits is the cross-entropy of class probabilities target [batch, classes] against those that the logits [batch, classes] give,
// for each example, [batch]. smoothing in [0, 1) spreads so much of the target evenly over the classes (Szegedy et al. 2016, section 7).
func CategoricalLogits(target, logits *Node, smoothing float64) *Node {
	b := block{"CategoricalLogits", nil}
	if logits.Rank() != 2 {
		b.fail("logits are %s, but must be [batch, classes]", logits.Shape())
	}
	b.together(operand{"target", target}, operand{"logits", logits})
	b.smoothing(smoothing)
	if smoothing != 0 {
		target = AddScalar(MulScalar(target, 1-smoothing), smoothing/float64(logits.Shape().Dim(1)))
	}
	return Neg(ReduceSum(Mul(target, LogSoftmax(logits)), 1))
}

func (b block) smoothing(v float64) {
	if !(v >= 0 && v < 1) {
		b.fail("smoothing is %g; it must be at least 0 and below 1", v)
	}
}

// GaussianNLL is the negative log-density of x under a normal distribution of the given mean and log-variance, elementwise, in nats.
func GaussianNLL(x, mean, logVar *Node) *Node {
	block{"GaussianNLL", nil}.together(operand{"x", x}, operand{"mean", mean}, operand{"logVar", logVar})
	d := Square(Sub(x, mean))
	return MulScalar(Add(AddScalar(logVar, math.Log(2*math.Pi)), Mul(d, Exp(Neg(logVar)))), 0.5)
}

// DiscretizedLogistic is the negative log-probability of pixels x, each one of levels values 0, 1/(levels−1), …, 1, under a logistic distribution
// of the given mean and logarithm of its scale, elementwise, in nats: the mass of the bin around x, where the first bin reaches to −∞ and the last
// to ∞ (Kingma et al. 2016, appendix; Salimans et al. 2017, equation 2). An image of bytes has 256 levels. Divide by log 2 for bits per dimension.
//
// With p and m for the bin's ends in units of the scale, the mass σ(p) − σ(m) is σ(p)·σ(−m)·(1 − e^(m−p)): in logarithms nothing
// cancels, however far x is from the mean.
func DiscretizedLogistic(x, mean, logScale *Node, levels int) *Node {
	b := block{"DiscretizedLogistic", nil}
	b.together(operand{"x", x}, operand{"mean", mean}, operand{"logScale", logScale})
	b.atLeast("levels", levels, 2)
	half := 0.5 / float64(levels-1)
	inverse := Exp(Neg(logScale))
	centre := Mul(Sub(x, mean), inverse)
	h := MulScalar(inverse, half)
	nothing := ZerosLike(centre)
	notFirst := BroadcastToShape(GreaterThan(x, Scalar(x.Graph(), x.DType(), half)), centre.Shape())
	notLast := BroadcastToShape(LessThan(x, Scalar(x.Graph(), x.DType(), 1-half)), centre.Shape())
	below := Where(notLast, softplus(Neg(Add(centre, h))), nothing) // −log σ(p)
	above := Where(notFirst, softplus(Sub(centre, h)), nothing)     // −log σ(−m)
	// log(1 − e^(−2h)), which for small h is not to be had from e^(−2h)
	t := Tanh(h)
	width := BroadcastToShape(AddScalar(Sub(Log(t), Log1p(t)), math.Ln2), centre.Shape())
	return Sub(Add(below, above), Where(And(notFirst, notLast), width, nothing))
}

// KLStandard is KL(N(mean, e^logVar) ‖ N(0, 1)) elementwise, in nats (Kingma & Welling 2013, appendix B).
func KLStandard(mean, logVar *Node) *Node {
	block{"KLStandard", nil}.together(operand{"mean", mean}, operand{"logVar", logVar})
	return MulScalar(Sub(Sub(Add(Exp(logVar), Square(mean)), logVar), OnesLike(mean)), 0.5)
}

// KLGaussians is KL(N(meanP, e^logVarP) ‖ N(meanQ, e^logVarQ)) elementwise, in nats.
func KLGaussians(meanP, logVarP, meanQ, logVarQ *Node) *Node {
	block{"KLGaussians", nil}.together(operand{"meanP", meanP}, operand{"logVarP", logVarP}, operand{"meanQ", meanQ}, operand{"logVarQ", logVarQ})
	d := Sub(logVarP, logVarQ)
	distance := Mul(Square(Sub(meanP, meanQ)), Exp(Neg(logVarQ)))
	return MulScalar(AddScalar(Add(Sub(Exp(d), d), distance), -1), 0.5)
}

// Huber is ½d² for a difference d = x − target of size up to delta, and delta·(|d| − ½delta) beyond it, elementwise (Huber 1964).
func Huber(x, target *Node, delta float64) *Node {
	b := block{"Huber", nil}
	b.together(operand{"x", x}, operand{"target", target})
	b.positive("delta", delta)
	d := Abs(Sub(x, target))
	most := Min(d, Scalar(x.Graph(), d.DType(), delta))
	return Mul(most, Sub(d, MulScalar(most, 0.5)))
}

// Charbonnier is √((x − target)² + epsilon²), elementwise (Charbonnier et al. 1994); Lai et al. 2017 use an epsilon of 1e-3.
func Charbonnier(x, target *Node, epsilon float64) *Node {
	b := block{"Charbonnier", nil}
	b.together(operand{"x", x}, operand{"target", target})
	b.positive("epsilon", epsilon)
	return Sqrt(AddScalar(Square(Sub(x, target)), epsilon*epsilon))
}
