package report

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	// Resamples is how many bootstrap resamples an interval is made from.
	Resamples = 2000
	// Flips is how many random sign flips SignFlip draws when there are too many images to go through all of them.
	Flips = 9999

	exactFlips = 20         // up to so many images, SignFlip goes through all 2ⁿ sign flips
	drawSeed   = 0x6461726b // fixed, so that a table is the same tomorrow
)

// Interval returns the 95 % bootstrap interval of the mean of values, which holds one slice a seed with one value
// an image, all seeds over the same images in the same order. It is made from Resamples resamples. Each draws seeds
// with replacement, then images with replacement; all drawn seeds see the same draw of images, because images are
// crossed with seeds, not nested in them (the pigeonhole bootstrap of Owen 2007, Annals of Applied Statistics 1(2),
// which errs on the wide side). With one seed only images are drawn; with one value a seed only seeds are. The
// random draws are fixed. ok is false where there is a single number, which has no interval.
//
// The ends are percentiles of the resampled means: the 2.5 % ones for many images, further out for few, where plain
// percentiles are too narrow (with 6 normal values they cover 86 %). This is the expanded percentile interval of
// Hesterberg 2015, "What teachers should know about the bootstrap", The American Statistician 69(4). No bootstrap
// reaches beyond what was seen: where k seeds differ far more than images do, the interval covers at most the share
// 1 − 2¹⁻ᵏ, 75 % for 3 seeds.
func Interval(values [][]float64) (low, high float64, ok bool) {
	return interval(values, nil)
}

// DifferenceInterval is Interval for mean(a) − mean(b) over the same images; the seeds of a and of b are drawn
// independently of each other.
func DifferenceInterval(a, b [][]float64) (low, high float64, ok bool) {
	return interval(a, b)
}

func interval(a, b [][]float64) (low, high float64, ok bool) {
	if len(a) == 0 || len(a[0]) == 0 || (len(a) == 1 && len(b) <= 1 && len(a[0]) == 1) {
		return math.NaN(), math.NaN(), false
	}
	rng := rand.New(rand.NewPCG(drawSeed, Resamples))
	images := len(a[0])
	draw := make([]int, images)
	means := make([]float64, Resamples)
	for r := range means {
		for i := range draw {
			draw[i] = rng.IntN(images)
		}
		means[r] = drawnMean(rng, a, draw)
		if b != nil {
			means[r] -= drawnMean(rng, b, draw)
		}
	}
	slices.Sort(means)
	quantile := func(p float64) float64 { return stat.Quantile(p, stat.LinInterp, means, nil) }
	p := tail(a, b)
	return quantile(p), quantile(1 - p), true
}

// tail is the share of the resampled means beyond each end. For n numbers it is Φ(−t √(n/(n−1))), with t the 97.5 %
// quantile of Student's distribution with n − 1 degrees of freedom: the root undoes that resampling draws from the
// n numbers themselves, t allows for their spread being estimated from so few. Seeds and images are several sources of
// spread; their variances add, and the degrees of freedom are Satterthwaite's (1946, Biometrics Bulletin 2(6)).
func tail(a, b [][]float64) float64 {
	images := average(a)
	if b != nil {
		floats.Sub(images, average(b))
	}
	variance, resampled, down := 0.0, 0.0, 0.0
	for _, source := range [][]float64{images, seedMeans(a), seedMeans(b)} {
		n := float64(len(source))
		if n < 2 {
			continue
		}
		v := stat.Variance(source, nil) / n // of the mean
		variance += v
		resampled += v * (n - 1) / n
		down += v * v / (n - 1)
	}
	if down == 0 {
		return 0.025 // no spread: the ends are the mean
	}
	t := distuv.StudentsT{Sigma: 1, Nu: variance * variance / down}.Quantile(0.975)
	return distuv.UnitNormal.CDF(-t * math.Sqrt(variance/resampled))
}

func seedMeans(values [][]float64) []float64 {
	var out []float64
	for _, seed := range values {
		out = append(out, stat.Mean(seed, nil))
	}
	return out
}

// drawnMean is the mean over seeds drawn with replacement and the drawn images.
func drawnMean(rng *rand.Rand, values [][]float64, draw []int) float64 {
	sum := 0.0
	for range values {
		for seed, i := values[rng.IntN(len(values))], 0; i < len(draw); i++ {
			sum += seed[draw[i]]
		}
	}
	return sum / float64(len(values)*len(draw))
}

// SignFlip returns the two-sided p-value of the sign-flip permutation test that the mean of the paired differences
// d is zero (Fisher 1935, The Design of Experiments, section 21): the share of sign patterns whose mean is at least
// as far from zero as the one that was seen. Up to 20 differences go through all 2ⁿ patterns, and exact is true;
// more draw Flips patterns at random, counting the one that was seen (Phipson & Smyth 2010), so p is at least
// 1/(Flips+1). With n differences p cannot be under 2/2ⁿ. It assumes that each difference is as likely to have
// either sign if the methods are equal.
func SignFlip(d []float64) (p float64, exact bool) {
	if len(d) == 0 {
		return 1, true
	}
	total := floats.Sum(d)
	// A pattern that gives the same sum must count as such in spite of rounding.
	seen := math.Abs(total) - 1e-12*floats.Norm(d, 1)
	if len(d) <= exactFlips {
		return exactSignFlip(d, seen), true
	}
	rng := rand.New(rand.NewPCG(drawSeed, Flips))
	count := 1
	for range Flips {
		kept := 0.0 // sum of the differences that keep their sign
		for i := 0; i < len(d); i += 64 {
			bits := rng.Uint64()
			for _, v := range d[i:min(i+64, len(d))] {
				kept += v * float64(bits&1)
				bits >>= 1
			}
		}
		if math.Abs(2*kept-total) >= seen {
			count++
		}
	}
	return float64(count) / (Flips + 1), false
}

func exactSignFlip(d []float64, seen float64) float64 {
	count := 0
	for pattern := range 1 << len(d) {
		sum := 0.0
		for i, v := range d {
			if pattern>>i&1 == 1 {
				v = -v
			}
			sum += v
		}
		if math.Abs(sum) >= seen {
			count++
		}
	}
	return float64(count) / math.Pow(2, float64(len(d)))
}

// average returns the mean over seeds, image by image.
func average(values [][]float64) []float64 {
	out := make([]float64, len(values[0]))
	for _, seed := range values {
		floats.Add(out, seed)
	}
	floats.Scale(1/float64(len(values)), out)
	return out
}
