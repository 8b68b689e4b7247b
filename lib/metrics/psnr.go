package metrics

import (
	"errors"
	"math"

	"darkroom/lib/lab"
)

// MaxPSNR is the largest value PSNR returns, in dB. Equal pictures have infinite PSNR, which JSON cannot hold and
// no mean survives; a mean squared error under 1e-10, far below what 8 bits can show, therefore counts as 100 dB.
const MaxPSNR = 100

// MSE returns the mean squared error over all pixels and channels, in units of the range squared.
func MSE(truth, x lab.Image) (float64, error) { return MSEMeasure(Options{}).Of(truth, x) }

// PSNR returns the peak signal-to-noise ratio in dB, 10 log10(1 / MSE), for pictures with range 1: one mean squared
// error over all pixels and channels. It is at most MaxPSNR.
func PSNR(truth, x lab.Image) (float64, error) { return PSNRMeasure(Options{}).Of(truth, x) }

// MSEMeasure is MSE with options.
func MSEMeasure(o Options) Measure {
	return Measure{
		Name: "mse", Better: "lower",
		Protocol: "MSE, " + o.protocol(),
		Of: func(truth, x lab.Image) (float64, error) {
			truth, x, err := o.apply(truth, x)
			if err != nil {
				return 0, err
			}
			return meanSquare(truth.Pix, x.Pix), nil
		},
	}
}

// L1Measure is the mean absolute error over all pixels and channels, in units of the range.
func L1Measure(o Options) Measure {
	return Measure{
		Name: "l1", Better: "lower",
		Protocol: "mean absolute error over " + o.protocol(),
		Of: func(truth, x lab.Image) (float64, error) {
			truth, x, err := o.apply(truth, x)
			if err != nil {
				return 0, err
			}
			sum := 0.0
			for i, v := range truth.Pix {
				sum += math.Abs(float64(v) - float64(x.Pix[i]))
			}
			return sum / float64(len(truth.Pix)), nil
		},
	}
}

// PSNRMeasure is PSNR with options.
func PSNRMeasure(o Options) Measure {
	return Measure{
		Name: "psnr", Unit: "dB", Better: "higher",
		Protocol: "PSNR, one MSE over " + o.protocol() + ", at most 100 dB",
		Of: func(truth, x lab.Image) (float64, error) {
			truth, x, err := o.apply(truth, x)
			if err != nil {
				return 0, err
			}
			return min(MaxPSNR, -10*math.Log10(meanSquare(truth.Pix, x.Pix))), nil
		},
	}
}

// NRMSEMeasure is the root of the mean squared error in units of the truth's root mean square, √(Σ(x − truth)² / Σ truth²), which equals
// scikit-image's normalized_root_mse with its "euclidean" normalization. A truth that is black everywhere is an error.
func NRMSEMeasure(o Options) Measure {
	return Measure{
		Name: "nrmse", Better: "lower",
		Protocol: "NRMSE, in units of the truth's root mean square, " + o.protocol(),
		Of: func(truth, x lab.Image) (float64, error) {
			truth, x, err := o.apply(truth, x)
			if err != nil {
				return 0, err
			}
			black := make([]float32, len(truth.Pix))
			energy := meanSquare(truth.Pix, black)
			if energy == 0 {
				return 0, errors.New("NRMSE: the truth is black everywhere, and no error can be told in units of it; use mse")
			}
			return math.Sqrt(meanSquare(truth.Pix, x.Pix) / energy), nil
		},
	}
}

func meanSquare(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return sum / float64(len(a))
}
