package plots

import (
	"math"
	"slices"

	"darkroom/lib/lab"
)

// ema returns the exponential moving average m_t = w·m_{t−1} + (1−w)·y_t, divided by 1−w^t so that it does not start at
// zero (Kingma & Ba 2015, section 3). Values that are not finite stay as they are and do not enter the average.
func ema(y []float64, weight float64) []float64 {
	out := slices.Clone(y)
	if weight <= 0 {
		return out
	}
	m, norm := 0.0, 0.0
	for i, v := range y {
		if !finite(v) {
			continue
		}
		m = weight*m + (1-weight)*v
		norm = weight*norm + (1 - weight)
		out[i] = m / norm
	}
	return out
}

// band returns the mean of several seeds at each of their steps, and the bounds around it. Where only one seed has a
// value the band has no width.
func band(seeds []lab.Series, kind Band) (x, mean, low, high []float64) {
	at := map[float64][]float64{}
	for _, s := range seeds {
		for i, v := range s.Y {
			if _, ok := at[s.X[i]]; !ok && finite(s.X[i]) {
				x = append(x, s.X[i])
				at[s.X[i]] = nil
			}
			if finite(v) && finite(s.X[i]) {
				at[s.X[i]] = append(at[s.X[i]], v)
			}
		}
	}
	slices.Sort(x)
	for _, step := range x {
		m, l, h := spread(at[step], kind)
		mean, low, high = append(mean, m), append(low, l), append(high, h)
	}
	return x, mean, low, high
}

func spread(v []float64, kind Band) (mean, low, high float64) {
	if len(v) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	n := float64(len(v))
	for _, a := range v {
		mean += a / n
	}
	if kind == MinMax {
		return mean, slices.Min(v), slices.Max(v)
	}
	if len(v) == 1 {
		return mean, mean, mean
	}
	ss := 0.0
	for _, a := range v {
		ss += (a - mean) * (a - mean)
	}
	half := student975(len(v)-1) * math.Sqrt(ss/(n-1)/n)
	return mean, mean - half, mean + half
}

// student975 is the 97.5 % quantile of Student's t with df degrees of freedom: tabled up to 10, then the expansion of
// Cornish and Fisher (Abramowitz & Stegun 26.7.5), which is right to 1e-4 there.
func student975(df int) float64 {
	table := []float64{12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281}
	if df <= len(table) {
		return table[df-1]
	}
	const z = 1.959964
	n := float64(df)
	g1 := (math.Pow(z, 3) + z) / 4
	g2 := (5*math.Pow(z, 5) + 16*math.Pow(z, 3) + 3*z) / 96
	g3 := (3*math.Pow(z, 7) + 19*math.Pow(z, 5) + 17*math.Pow(z, 3) - 15*z) / 384
	return z + g1/n + g2/(n*n) + g3/(n*n*n)
}
