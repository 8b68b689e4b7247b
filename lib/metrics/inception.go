package metrics

import (
	"fmt"
	"math"
)

// InceptionScore returns the score of Salimans et al. 2016 (arXiv:1606.03498, section 4) from the class probabilities [n, classes] that a
// classifier gives the samples:
//
//	IS = exp( mean KL(p(y|x) ‖ p(y)) ),  p(y) = mean p(y|x)
//
// It is the mean over splits of the samples in their order (0 stands for 10), between 1 and the number of classes; Parts has the splits. Only
// with the Inception-V3 network is it the Inception score of papers: the protocol names the classifier. A row that is no
// distribution, and more splits than samples, are errors.
func InceptionScore(probabilities Features, splits int) (Score, error) {
	p, n := probabilities, probabilities.N()
	if splits == 0 {
		splits = 10
	}
	if splits < 1 || splits > n {
		return Score{}, fmt.Errorf("inception score: %d splits of %d %s; give from 1 to %d", splits, n, p.Of, n)
	}
	for i := range n {
		sum := 0.0
		for class, v := range p.Row(i) {
			if v < 0 {
				return Score{}, fmt.Errorf("inception score: picture %d of %s is of class %d with probability %g; give probabilities, not logits", i, p.Of, class, v)
			}
			sum += v
		}
		if math.Abs(sum-1) > 1e-3 {
			return Score{}, fmt.Errorf("inception score: the probabilities of picture %d of %s sum to %g; give a softmax over all classes", i, p.Of, sum)
		}
	}
	parts := make([]float64, splits)
	for s := range parts {
		parts[s] = inceptionSplit(p, s*n/splits, (s+1)*n/splits)
	}
	return Score{
		Name: "inception-score", Better: "higher",
		Protocol: fmt.Sprintf("Inception score's form (Salimans 2016), mean over %d splits of %d %s, %d classes by %s",
			splits, n, p.Of, p.Dim(), p.Network),
	}.ofParts(parts), nil
}

// inceptionSplit is the score of pictures from to to−1.
func inceptionSplit(p Features, from, to int) float64 {
	marginal := make([]float64, p.Dim())
	for i := from; i < to; i++ {
		for class, v := range p.Row(i) {
			marginal[class] += v / float64(to-from)
		}
	}
	sum := 0.0
	for i := from; i < to; i++ {
		for class, v := range p.Row(i) {
			if v > 0 { // 0 log 0 = 0
				sum += v * math.Log(v/marginal[class])
			}
		}
	}
	return math.Exp(sum / float64(to-from))
}
