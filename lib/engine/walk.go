package engine

import (
	"fmt"
	"math"
	"math/rand/v2"

	"darkroom/lib/lab"

	"github.com/gomlx/gomlx/core/tensors"
)

// noise returns a function for the noise [batch, size] of consecutive batches: independent draws, or a walk's.
func noise(d lab.Draw, batch, size int) (func() *tensors.Tensor, error) {
	if d.Truncation != 0 && !(d.Truncation >= leastTruncation) {
		return nil, usage(fmt.Errorf("truncation = %g, but noise is drawn again where it is larger than that, which takes at least %g; 0 leaves all as it is", d.Truncation, leastTruncation))
	}
	random := stepRandom(d.Seed, 0)
	if d.Walk == "" {
		return func() *tensors.Tensor {
			return tensors.FromFlatDataAndDimensions(normal(random, batch*size, d.Truncation), batch, size)
		}, nil
	}
	if d.Walk != "linear" && d.Walk != "spherical" {
		return nil, usage(fmt.Errorf("walk = %q%s; walk linear or spherical", d.Walk, lab.Suggest(d.Walk, []string{"linear", "spherical"})))
	}
	if d.Row < 2 {
		return nil, usage(fmt.Errorf("row = %d images from one end of a walk to the other, but there are at least the 2 ends", d.Row))
	}
	var from, to []float32
	at := 0
	return func() *tensors.Tensor {
		z := make([]float32, 0, batch*size)
		for range batch {
			if at%d.Row == 0 {
				from, to = normal(random, size, d.Truncation), normal(random, size, d.Truncation)
			}
			z = append(z, between(from, to, float64(at%d.Row)/float64(d.Row-1), d.Walk == "spherical")...)
			at++
		}
		return tensors.FromFlatDataAndDimensions(z, batch, size)
	}, nil
}

// leastTruncation is that of which a hundred draws or so are enough.
const leastTruncation = 0.01

// normal are n standard normal values, each drawn again until it lies within ± most, unless that is 0.
func normal(r *rand.Rand, n int, most float64) []float32 {
	z := make([]float32, n)
	for i := range z {
		v := r.NormFloat64()
		for most > 0 && math.Abs(v) > most {
			v = r.NormFloat64()
		}
		z[i] = float32(v)
	}
	return z
}

// between is the point at share t of the way from a to b: on the straight line, or by Shoemake's spherical interpolation (1985; White 2016,
// arXiv:1609.04468). The middle of a straight line between two draws of noise is shorter than noise is; that of an arc is not.
func between(a, b []float32, t float64, spherical bool) []float32 {
	u, v := 1-t, t
	if spherical {
		var aa, bb, ab float64
		for i := range a {
			x, y := float64(a[i]), float64(b[i])
			aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
		}
		if angle := math.Acos(max(-1, min(1, ab/math.Sqrt(aa*bb)))); math.Sin(angle) > 1e-6 {
			u, v = math.Sin((1-t)*angle)/math.Sin(angle), math.Sin(t*angle)/math.Sin(angle)
		}
	}
	out := make([]float32, len(a))
	for i := range out {
		out[i] = float32(u*float64(a[i]) + v*float64(b[i]))
	}
	return out
}
