package nn

import (
	"errors"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// Anneal is annealed importance sampling (Neal 2001) of log p(x) for a decoder p(x|z) with prior N(0, 1), as Wu, Burda, Salakhutdinov & Grosse
// 2017 (arXiv:1611.04273) measure decoders: a chain goes from the prior to the posterior through
//
//	pₜ(z) ∝ N(z; 0, 1)·p(x|z)^βₜ,  0 = β₀ < … < β_T = 1,  log w = Σ (βₜ − βₜ₋₁)·log p(x|zₜ₋₁)
//
// with a step of Hamiltonian Monte Carlo towards each pₜ. The mean of w over chains is p(x) in expectation, so that the log of it bounds log p(x)
// from below in expectation.
type Anneal struct {
	// LogLikelihood is log p(x|z) [rows], in nats, of codes z [rows, latent], for each row's own x.
	LogLikelihood func(z *Node) *Node
	Leapfrog      int // steps of an integration
}

// Step goes from β = from to β = to, both scalars: it returns the next codes, what is added to the log-weights, [rows], and the share of the proposals
// that were accepted. momentum is standard normal, [rows, latent], and chance uniform on [0, 1), [rows]. stride is the integrator's step, a scalar; a
// share of 0.65 is good.
func (a Anneal) Step(z, momentum, chance, from, to, stride *Node) (next, weight, accepted *Node) {
	if z.Rank() != 2 || a.Leapfrog < 1 {
		panic(errors.New("nn: Anneal needs codes [rows, latent] and at least one leapfrog step"))
	}
	energy := func(z *Node) (likelihood, u *Node) { // −log pₜ but for a constant, [rows]
		likelihood = a.LogLikelihood(z)
		return likelihood, Sub(MulScalar(ReduceSum(Square(z), -1), 0.5), Mul(likelihood, to))
	}
	likelihood, before := energy(z)
	kinetic := func(p *Node) *Node { return MulScalar(ReduceSum(Square(p), -1), 0.5) }
	start := Add(before, kinetic(momentum))
	weight = Mul(likelihood, Sub(to, from))

	at, p, u := z, momentum, before
	half := MulScalar(stride, 0.5)
	force := Gradient(ReduceAllSum(u), at)[0]
	for range a.Leapfrog {
		p = Sub(p, Mul(force, half))
		at = Add(at, Mul(p, stride))
		_, u = energy(at)
		force = Gradient(ReduceAllSum(u), at)[0]
		p = Sub(p, Mul(force, half))
	}
	yes := LessThan(Log(chance), Sub(start, Add(u, kinetic(p))))
	next = Where(BroadcastToShape(ExpandAxes(yes, -1), z.Shape()), at, z)
	return next, weight, ReduceAllMean(ConvertDType(yes, z.DType()))
}

// AnnealSchedule is β₀ = 0 … β_steps = 1, near which there are the most: a logistic curve between −4 and 4, as Wu et al. have it.
func AnnealSchedule(steps int) []float64 {
	logistic := func(t int) float64 { return 1 / (1 + math.Exp(-4*(2*float64(t)/float64(steps)-1))) }
	beta, low, high := make([]float64, steps+1), logistic(0), logistic(steps)
	for t := range beta {
		beta[t] = (logistic(t) - low) / (high - low)
	}
	return beta
}

// AnnealStride is the next step of the integrator: a little longer when more than 0.65 of the proposals were accepted, else shorter.
func AnnealStride(stride, accepted float64) float64 {
	if accepted > 0.65 {
		return stride * 1.02
	}
	return stride * 0.98
}
