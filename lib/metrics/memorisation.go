package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Neighbour is a sample with the training picture that is nearest to it.
type Neighbour struct {
	Sample, Train int     // their numbers
	Distance      float64 // Euclidean, between their features
}

// Memorised says whether samples lie nearer to the training pictures than unseen pictures of the same source do.
type Memorised struct {
	// Share is the share of samples that are as near to a training picture as the nearest 5 % of the test pictures are to theirs. Own is
	// the same share of the test pictures: 5 %, or more where distances are equal. A generator that copies has a Share far above Own.
	Share Score
	Own   float64
	// Closer is the probability that a sample is nearer to its training picture than a test picture to its own, ties counting half: the
	// Mann-Whitney statistic of Meehan, Chaudhuri & Dasgupta 2020 (arXiv:2004.05675). 0.5 is a fresh draw of the data; copies come near 1,
	// and so do samples that vary too little; samples unlike the data come near 0.
	Closer Score
	// Nearest has every sample, in the order of samples.
	Nearest []Neighbour
}

// memorisedQuantile is the part of the test pictures whose distance sets the bound.
const memorisedQuantile = 0.05

// Memorisation looks for the nearest training picture of each sample and of each test picture.
func Memorisation(train, test, samples Features) (Memorised, error) {
	if err := comparable("memorisation", train, test, samples); err != nil {
		return Memorised{}, err
	}
	_, unseen := nearest(test, train)
	index, distance := nearest(samples, train)
	m := Memorised{Nearest: make([]Neighbour, len(index))}
	for i := range index {
		m.Nearest[i] = Neighbour{i, index[i], distance[i]}
	}
	slices.Sort(unseen)
	bound := stat.Quantile(memorisedQuantile, stat.Empirical, unseen, nil)
	atMost := func(sorted []float64, v float64) int { // how many are
		n, _ := slices.BinarySearchFunc(sorted, v, func(d, v float64) int {
			if d <= v {
				return -1
			}
			return 1
		})
		return n
	}
	m.Own = float64(atMost(unseen, bound)) / float64(len(unseen))
	close, wins := 0, 0.0
	for _, d := range distance {
		if d <= bound {
			close++
		}
		below, _ := slices.BinarySearch(unseen, d)
		upTo := atMost(unseen, d)
		wins += float64(len(unseen)-upTo) + float64(upTo-below)/2
	}
	protocol := fmt.Sprintf("nearest of %d %s, %d %s against %d %s, features: %s",
		train.N(), train.Of, samples.N(), samples.Of, test.N(), test.Of, samples.Network)
	n := float64(len(distance))
	m.Share = Score{
		Name: "memorised", Value: float64(close) / n,
		Protocol: fmt.Sprintf("share as near to a training picture as the nearest %g %% of the test pictures are, %s", 100*memorisedQuantile, protocol),
	}
	m.Share.Low, m.Share.High = wilson(m.Share.Value, n)
	closer := wins / n / float64(len(unseen))
	m.Closer = Score{
		Name: "closer-than-test", Value: closer, Low: closer, High: closer,
		Protocol: "probability of being nearer to a training picture than a test picture is (Meehan 2020), " + protocol,
	}
	return m, nil
}

// Closest returns the samples with the nearest training pictures, at most n of them, the nearest first: those to look at.
func (m Memorised) Closest(n int) []Neighbour {
	sorted := slices.SortedStableFunc(slices.Values(m.Nearest), func(a, b Neighbour) int { return cmp.Compare(a.Distance, b.Distance) })
	return sorted[:min(n, len(sorted))]
}

// wilson is Wilson's 95 % interval (1927) of a proportion p among n.
func wilson(p, n float64) (low, high float64) {
	const z = 1.959963984540054
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(centre-half, 0), min(centre+half, 1)
}
