package metrics

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// LogMeanExp returns log( (1/n) Σ exp(x) ) without overflow or underflow. With x the log importance weights
// log p(x,z) − log q(z|x) of n samples z ~ q(z|x) it is the importance-sampled log-likelihood of Burda, Grosse &
// Salakhutdinov 2015 (arXiv:1509.00519, equation 8), in nats; with n = 1 it is the ELBO's sample. It is NaN if x
// is empty or holds a NaN, and −Inf if every x is.
func LogMeanExp(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	for _, v := range x {
		if math.IsNaN(v) {
			return v
		}
	}
	return floats.LogSumExp(x) - math.Log(float64(len(x)))
}
