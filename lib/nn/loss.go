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
	return Sub(softplus(logits), Mul(target, logits))
}

// GaussianNLL is the negative log-density of x under a normal distribution of the given mean and log-variance, elementwise, in nats.
func GaussianNLL(x, mean, logVar *Node) *Node {
	d := Square(Sub(x, mean))
	return MulScalar(Add(AddScalar(logVar, math.Log(2*math.Pi)), Mul(d, Exp(Neg(logVar)))), 0.5)
}

// KLStandard is KL(N(mean, e^logVar) ‖ N(0, 1)) elementwise, in nats (Kingma & Welling 2013, appendix B).
func KLStandard(mean, logVar *Node) *Node {
	return MulScalar(Sub(Sub(Add(Exp(logVar), Square(mean)), logVar), OnesLike(mean)), 0.5)
}
