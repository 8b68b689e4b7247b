package metrics

import (
	"errors"
	"fmt"
	"math"

	"darkroom/lib/lab"
)

// blurWindow is how many pixels BlurEffect blurs over.
const blurWindow = 11

// BlurProtocol is that of BlurEffect.
const BlurProtocol = "blur effect (Crété 2007), 11 pixels, Sobel, the worse of both directions, luma (BT.709) of RGB, no reference"

// BlurEffect says how blurred a picture looks, from 0, sharp, to 1, without a true one beside it (Crété-Roffet, Dolmiere, Ladret & Nicolas 2007, The
// blur effect: perception and estimation with a new no-reference perceptual blur metric, SPIE 6492): how little of the differences between
// neighbours is lost when the picture is blurred once more,
//
//	B = 1 − Σ max(0, |∇x| − |∇(k∗x)|) / Σ|∇x|,  k the mean of 11 pixels
//
// along the height and along the width, of which it is the larger. Differences are Sobel's, and edges are mirrored, as in scikit-image's
// blur_effect, which it equals. A picture under 4×4, and one of a single grey, are errors.
func BlurEffect(x lab.Image) (float64, error) {
	if _, _, err := (Options{}).apply(x, x); err != nil {
		return 0, err
	}
	h, w := x.Height, x.Width
	if min(h, w) < 4 {
		return 0, fmt.Errorf("the blur effect needs pictures of at least 4×4; this one is %s", size(x))
	}
	grey := plane(x, 0)
	if x.Channels == 3 {
		for i, r := range grey {
			grey[i] = 0.2125*r + 0.7154*float64(x.Pix[3*i+1]) + 0.0721*float64(x.Pix[3*i+2])
		}
	}
	worst := 0.0
	flat := make([]float64, blurWindow)
	for i := range flat {
		flat[i] = 1. / blurWindow
	}
	for axis := range 2 {
		sharp, blurred := sobel(grey, h, w, axis), sobel(along(grey, h, w, axis, flat), h, w, axis)
		all, lost := 0.0, 0.0
		for i := 2; i < h-1; i++ {
			for j := 2; j < w-1; j++ {
				a, b := math.Abs(sharp[i*w+j]), math.Abs(blurred[i*w+j])
				all, lost = all+a, lost+math.Max(0, a-b)
			}
		}
		if all == 0 {
			return 0, errors.New("the blur effect: the picture has no edge along one direction, and how sharp it is cannot be told")
		}
		worst = math.Max(worst, (all-lost)/all)
	}
	return worst, nil
}

// sobel is the central difference along an axis (0 is the height), smoothed along the other by 1, 2, 1.
func sobel(a []float64, h, w, axis int) []float64 {
	return along(along(a, h, w, axis, []float64{-0.5, 0, 0.5}), h, w, 1-axis, []float64{0.25, 0.5, 0.25})
}

// along correlates with an odd kernel along an axis, the edge pixels being mirrored with themselves: c b a | a b c.
func along(a []float64, h, w, axis int, kernel []float64) []float64 {
	out := make([]float64, len(a))
	n, step := w, 1
	if axis == 0 {
		n, step = h, w
	}
	for i := range a {
		at := i / step % n
		for k, v := range kernel {
			j := (at + k - len(kernel)/2) % (2 * n)
			if j < 0 {
				j += 2 * n
			}
			if j >= n {
				j = 2*n - 1 - j
			}
			out[i] += v * a[i+(j-at)*step]
		}
	}
	return out
}

// whiteLags is how far Whiteness looks.
const whiteLags = 4

// WhitenessProtocol is that of Whiteness.
const WhitenessProtocol = "mean of N·ρ² of the residual y − Ax over the 40 lags of up to 4 pixels, 1 for white noise"

// Whiteness says whether what a restoration leaves of a measurement is white noise, as it should be where the noise is (after Almeida & Figueiredo 2013,
// Parameter estimation for blind and non-blind deblurring using residual whiteness measures, IEEE TIP 22(7)): the mean of N·ρ² over all lags of up to 4
// pixels in either direction, ρ being the residual's autocorrelation, of its mean taken away, and N the number of pairs of pixels at that lag. White noise has 1;
// what is left of the picture's structure makes it larger, up to N. seen, 1 where a pixel was measured, may have no pixels: then all were. Channels
// are averaged. A residual that is the same everywhere is an error, and so is one in which a lag has fewer than two pairs.
func Whiteness(residual, seen lab.Image) (float64, error) {
	if _, _, err := (Options{}).apply(residual, residual); err != nil {
		return 0, err
	}
	if seen.Pix != nil && (seen.Height != residual.Height || seen.Width != residual.Width || seen.Channels != residual.Channels) {
		return 0, fmt.Errorf("whiteness: the residual is %s and what was seen %s; they must have one size", size(residual), size(seen))
	}
	h, w, total := residual.Height, residual.Width, 0.0
	for c := range residual.Channels {
		r, mask := plane(residual, c), make([]float64, h*w)
		sum, n := 0.0, 0.0
		for i := range mask {
			if seen.Pix == nil || seen.Pix[i*seen.Channels+c] > 0 {
				mask[i] = 1
				sum, n = sum+r[i], n+1
			}
		}
		variance := 0.0
		for i := range r {
			r[i] = (r[i] - sum/n) * mask[i]
			variance += r[i] * r[i] / n
		}
		if !(variance > 1e-14) {
			return 0, errors.New("whiteness: nothing is left of the measurement, so that no colour of noise can be told")
		}
		mean, lags := 0.0, 0.0
		for dy := 0; dy <= whiteLags; dy++ {
			for dx := -whiteLags; dx <= whiteLags; dx++ {
				if dy == 0 && dx <= 0 {
					continue // each pair once
				}
				products, pairs := 0.0, 0.0
				for y := 0; y+dy < h; y++ {
					for x := max(0, -dx); x < min(w, w-dx); x++ {
						i, j := y*w+x, (y+dy)*w+x+dx
						products, pairs = products+r[i]*r[j], pairs+mask[i]*mask[j]
					}
				}
				if pairs < 2 {
					return 0, fmt.Errorf("whiteness: only %g pairs of the pixels of %s that were seen are %d rows and %d columns apart; use larger pictures", pairs, size(residual), dy, dx)
				}
				mean, lags = mean+products*products/pairs/variance/variance, lags+1
			}
		}
		total += mean / lags / float64(residual.Channels)
	}
	return total, nil
}
