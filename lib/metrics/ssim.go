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
	return Measure{
		Name: "ssim", Better: "higher",
		Protocol: "SSIM (Wang 2004), 11×11 Gaussian window σ 1.5, K1 0.01, K2 0.03, whole windows only, mean over channels, " +
			o.protocol(),
		Of: func(truth, x lab.Image) (float64, error) {
			truth, x, err := o.apply(truth, x)
			if err != nil {
				return 0, err
			}
			if need := 2*ssimRadius + 1; truth.Height < need || truth.Width < need {
				return 0, fmt.Errorf("SSIM needs pictures of at least %d×%d, for its window; this one is %s",
					need, need, size(truth))
			}
			sum := 0.0
			for c := range truth.Channels {
				sum += ssimChannel(plane(truth, c), plane(x, c), truth.Height, truth.Width)
			}
			return sum / float64(truth.Channels), nil
		},
	}
}

// ssimChannel is the mean SSIM of one channel.
func ssimChannel(a, b []float64, height, width int) float64 {
	const c1, c2 = ssimK1 * ssimK1, ssimK2 * ssimK2
	product := make([]float64, len(a))
	smoothed := func(p, q []float64) []float64 {
		for i := range product {
			product[i] = p[i] * q[i]
		}
		return smooth(product, height, width)
	}
	ma, mb := smooth(a, height, width), smooth(b, height, width)
	aa, bb, ab := smoothed(a, a), smoothed(b, b), smoothed(a, b)
	sum := 0.0
	for i := range ma {
		m2, mm := ma[i]*ma[i]+mb[i]*mb[i], ma[i]*mb[i]
		sum += (2*mm + c1) * (2*(ab[i]-mm) + c2) / ((m2 + c1) * (aa[i] + bb[i] - m2 + c2))
	}
	return sum / float64(len(ma))
}

// plane returns one channel.
func plane(im lab.Image, channel int) []float64 {
	out := make([]float64, im.Height*im.Width)
	for i := range out {
		out[i] = float64(im.Pix[i*im.Channels+channel])
	}
	return out
}

// smooth filters with the Gaussian window, rows then columns, and keeps only the places where the whole window fits:
// [height, width] -> [height-10, width-10].
func smooth(src []float64, height, width int) []float64 {
	const r = ssimRadius
	w := width - 2*r
	rows := make([]float64, height*w)
	for y := range height {
		in, out := src[y*width:(y+1)*width], rows[y*w:(y+1)*w]
		for x := range out {
			v := ssimWindow[0] * in[x+r]
			for k := 1; k <= r; k++ {
				v += ssimWindow[k] * (in[x+r-k] + in[x+r+k])
			}
			out[x] = v
		}
	}
	out := make([]float64, (height-2*r)*w)
	for i := range out {
		v := ssimWindow[0] * rows[i+r*w]
		for k := 1; k <= r; k++ {
			v += ssimWindow[k] * (rows[i+(r-k)*w] + rows[i+(r+k)*w])
		}
		out[i] = v
	}
	return out
}

// ssimWindow holds the weights at distance 0 to 5 from the centre; both sides together sum to one.
var ssimWindow = func() (w [ssimRadius + 1]float64) {
	sum := 0.0
	for k := range w {
		w[k] = math.Exp(-float64(k*k) / (2 * ssimSigma * ssimSigma))
		sum += w[k]
		if k > 0 {
			sum += w[k]
		}
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}()
