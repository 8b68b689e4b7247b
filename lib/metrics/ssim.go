package metrics

import (
	"fmt"
	"math"

	"darkroom/lib/lab"
)

// The constants of Wang et al. 2004.
const (
	ssimRadius = 5 // an 11×11 window
	ssimSigma  = 1.5
	ssimK1     = 0.01
	ssimK2     = 0.03
)

// SSIMSide is that of the smallest pictures that SSIM measures.
const SSIMSide = 2*ssimRadius + 1

// SSIM returns the mean structural similarity of Wang, Bovik, Sheikh & Simoncelli 2004, "Image quality assessment: from
// error visibility to structural similarity", IEEE TIP 13(4), equation 13:
//
//	SSIM = (2 μx μy + C1)(2 σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2)),  C1 = 0.01², C2 = 0.03²
//
// with means, variances and covariance under an 11×11 Gaussian window of σ = 1.5 that sums to one, averaged over
// all places where the whole window lies in the picture, then over channels. There is no downsampling. It is in
// [-1, 1], and equals scikit-image's structural_similarity(gaussian_weights=True, sigma=1.5,
// use_sample_covariance=False, data_range=1). A picture with a side under 11 is an error.
func SSIM(truth, x lab.Image) (float64, error) { return SSIMMeasure(Options{}).Of(truth, x) }

// SSIMMeasure is SSIM with options.
func SSIMMeasure(o Options) Measure {
	return ssimMeasure("ssim", "SSIM (Wang 2004), 11×11 Gaussian window σ 1.5, K1 0.01, K2 0.03, whole windows only, mean over channels, ",
		o, gaussianWindow, 1)
}

// UniformSSIMMeasure is SSIM with a flat window of 7×7 and the unbiased variance and covariance, N/(N−1) times those of the window's N = 49
// pixels: what scikit-image's structural_similarity computes unless told otherwise. Its values lie some hundredths from Wang's.
func UniformSSIMMeasure(o Options) Measure {
	return ssimMeasure("ssim-uniform", "SSIM, flat 7×7 window, sample covariance (scikit-image's default), K1 0.01, K2 0.03, whole windows only, "+
		"mean over channels, ", o, []float64{1. / 7, 1. / 7, 1. / 7, 1. / 7, 1. / 7, 1. / 7, 1. / 7}, 49./48)
}

// stripPixels is the size of a strip.
const stripPixels = 1 << 20

// strips are so many rows of both pictures, from row y, without a copy.
func strips(truth, x lab.Image, y, rows int) (a, b lab.Image) {
	of := func(im lab.Image) lab.Image {
		line := im.Width * im.Channels
		return lab.Image{Height: rows, Width: im.Width, Channels: im.Channels, Pix: im.Pix[y*line : (y+rows)*line]}
	}
	return of(truth), of(x)
}

func ssimMeasure(name, protocol string, o Options, window []float64, unbiased float64) Measure {
	return Measure{
		Name: name, Better: "higher", Protocol: protocol + o.protocol(),
		Of: func(truth, x lab.Image) (float64, error) {
			truth, x, err := o.apply(truth, x)
			if err != nil {
				return 0, err
			}
			if need := len(window); truth.Height < need || truth.Width < need {
				return 0, fmt.Errorf("SSIM needs pictures of at least %d×%d, for its window; this one is %s",
					need, need, size(truth))
			}
			// Large pictures are measured in strips, so that the planes of double precision stay small.
			places := truth.Height - len(window) + 1 // of the window, along the height
			strip := max(1, stripPixels/truth.Width)
			if truth.Height*truth.Width <= stripPixels {
				strip = places
			}
			sum := 0.0
			for y := 0; y < places; y += strip {
				rows := min(strip, places-y)
				a, b := strips(truth, x, y, rows+len(window)-1)
				for c := range truth.Channels {
					whole, _ := ssimChannel(plane(a, c), plane(b, c), a.Height, a.Width, window, unbiased)
					sum += whole * float64(rows) / float64(places)
				}
			}
			return sum / float64(truth.Channels), nil
		},
	}
}

// multiScaleWeights are the exponents of Wang, Simoncelli & Bovik 2003, from the finest scale to the coarsest.
var multiScaleWeights = []float64{0.0448, 0.2856, 0.3001, 0.2363, 0.1333}

// MultiScaleSSIMMeasure is the multi-scale SSIM of Wang, Simoncelli & Bovik 2003, "Multi-scale structural similarity for image quality
// assessment", Asilomar, equation 7:
//
//	MS-SSIM = l₅^0.1333 Π_s cs_s^w_s,  w = 0.0448, 0.2856, 0.3001, 0.2363, 0.1333
//
// cs being the mean of SSIM's second factor over all whole windows of SSIM's, and l·cs that of SSIM at the last scale; each scale is the mean of
// 2×2 pixels of the one before, an odd last row or column being dropped. A negative mean counts as 0, and channels are averaged last. The
// coarsest picture must hold a window: sides of at least 176.
func MultiScaleSSIMMeasure(o Options) Measure {
	return Measure{
		Name: "ms-ssim", Better: "higher",
		Protocol: "MS-SSIM (Wang 2003), five scales by 2×2 means, 11×11 Gaussian window σ 1.5, K1 0.01, K2 0.03, mean over channels, " + o.protocol(),
		Of: func(truth, x lab.Image) (float64, error) {
			truth, x, err := o.apply(truth, x)
			if err != nil {
				return 0, err
			}
			if need := len(gaussianWindow) << (len(multiScaleWeights) - 1); truth.Height < need || truth.Width < need {
				return 0, fmt.Errorf("MS-SSIM needs pictures of at least %d×%d, for its window at the coarsest scale; this one is %s; use ssim",
					need, need, size(truth))
			}
			sum := 0.0
			for c := range truth.Channels {
				sum += multiScale(plane(truth, c), plane(x, c), truth.Height, truth.Width)
			}
			return sum / float64(truth.Channels), nil
		},
	}
}

func multiScale(a, b []float64, height, width int) float64 {
	product := 1.0
	for s, weight := range multiScaleWeights {
		whole, contrast := ssimChannel(a, b, height, width, gaussianWindow, 1)
		if s == len(multiScaleWeights)-1 {
			contrast = whole
		}
		product *= math.Pow(math.Max(contrast, 0), weight)
		a, b = halved(a, height, width), halved(b, height, width)
		height, width = height/2, width/2
	}
	return product
}

// halved is the mean of each 2×2 pixels.
func halved(a []float64, height, width int) []float64 {
	out := make([]float64, 0, height/2*(width/2))
	for y := 0; y+1 < height; y += 2 {
		for x := 0; x+1 < width; x += 2 {
			p := y*width + x
			out = append(out, (a[p]+a[p+1]+a[p+width]+a[p+width+1])/4)
		}
	}
	return out
}

// ssimChannel is the mean SSIM of one channel, and that of its second factor, contrast and structure. Variances and covariance are multiplied
// by unbiased.
func ssimChannel(a, b []float64, height, width int, window []float64, unbiased float64) (whole, contrast float64) {
	const c1, c2 = ssimK1 * ssimK1, ssimK2 * ssimK2
	product := make([]float64, len(a))
	smoothed := func(p, q []float64) []float64 {
		for i := range product {
			product[i] = p[i] * q[i]
		}
		return smooth(product, height, width, window)
	}
	ma, mb := smooth(a, height, width, window), smooth(b, height, width, window)
	aa, bb, ab := smoothed(a, a), smoothed(b, b), smoothed(a, b)
	for i := range ma {
		m2, mm := ma[i]*ma[i]+mb[i]*mb[i], ma[i]*mb[i]
		cs := (2*unbiased*(ab[i]-mm) + c2) / (unbiased*(aa[i]+bb[i]-m2) + c2)
		contrast += cs
		whole += (2*mm + c1) / (m2 + c1) * cs
	}
	n := float64(len(ma))
	return whole / n, contrast / n
}

// plane returns one channel.
func plane(im lab.Image, channel int) []float64 {
	out := make([]float64, im.Height*im.Width)
	for i := range out {
		out[i] = float64(im.Pix[i*im.Channels+channel])
	}
	return out
}

// smooth filters with a symmetric window of 2r+1 places, rows then columns, and keeps only the places where the whole window fits:
// [height, width] -> [height-2r, width-2r].
func smooth(src []float64, height, width int, window []float64) []float64 {
	r := len(window) / 2
	half := window[r:]
	w := width - 2*r
	rows := make([]float64, height*w)
	for y := range height {
		in, out := src[y*width:(y+1)*width], rows[y*w:(y+1)*w]
		for x := range out {
			v := half[0] * in[x+r]
			for k := 1; k <= r; k++ {
				v += half[k] * (in[x+r-k] + in[x+r+k])
			}
			out[x] = v
		}
	}
	out := make([]float64, (height-2*r)*w)
	for i := range out {
		v := half[0] * rows[i+r*w]
		for k := 1; k <= r; k++ {
			v += half[k] * (rows[i+(r-k)*w] + rows[i+(r+k)*w])
		}
		out[i] = v
	}
	return out
}

// gaussianWindow is Wang's, which sums to one.
var gaussianWindow = func() (w []float64) {
	sum := 0.0
	for k := -ssimRadius; k <= ssimRadius; k++ {
		v := math.Exp(-float64(k*k) / (2 * ssimSigma * ssimSigma))
		w, sum = append(w, v), sum+v
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}()
