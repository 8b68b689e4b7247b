package nn

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see dense.go
)

// SSIM is the mean structural similarity of images x and y [batch, height, width, channels] in [0, 1], for each pair, [batch], in [−1, 1] (Wang et
// al. 2004, equation 13): with an 11×11 Gaussian window of σ 1.5 that lies in the image whole, K1 0.01 and K2 0.03, over places and then
// channels. lib/metrics computes the same of finished images.
func SSIM(x, y *Node) *Node {
	b := block{"SSIM", nil}
	b.pair(x, y, 2*ssimRadius+1)
	luminance, contrast := similarity(x, y)
	return ReduceMean(Mul(luminance, contrast), 1, 2, 3)
}

// SSIMLoss is 1 − SSIM(x, y), averaged over the batch.
func SSIMLoss(x, y *Node) *Node { return OneMinus(ReduceAllMean(SSIM(x, y))) }

// MultiScaleSSIM is the multi-scale structural similarity of images x and y in [0, 1], for each pair, [batch], in [0, 1] (Wang, Simoncelli & Bovik
// 2003): the product over channel means of the contrast term at five scales, each half the one before, and the luminance term at the last, raised
// to the paper's weights; then the mean over channels. A negative term counts as 0, as in TensorFlow. Sides must be multiples of 16 and
// at least 176.
func MultiScaleSSIM(x, y *Node) *Node {
	b := block{"MultiScaleSSIM", nil}
	coarsest := 1 << (len(multiScaleWeights) - 1)
	b.pair(x, y, (2*ssimRadius+1)*coarsest)
	if d := x.Shape().Dimensions; d[1]%coarsest != 0 || d[2]%coarsest != 0 {
		b.fail("x is %s; height and width must be multiples of %d", x.Shape(), coarsest)
	}
	var product *Node
	for scale, weight := range multiScaleWeights {
		luminance, term := similarity(x, y)
		if scale == len(multiScaleWeights)-1 {
			term = Mul(luminance, term)
		} else {
			x, y = AvgPool(x, 2, 2, Valid), AvgPool(y, 2, 2, Valid)
		}
		mean := ReduceMean(term, 1, 2) // [batch, channels]
		// At a mean of 0 or less the power is 0, and its slope 0 too: infinite it would stop a training.
		positive := GreaterThan(mean, ZerosLike(mean))
		safe := Where(positive, mean, OnesLike(mean))
		power := Where(positive, Exp(MulScalar(Log(safe), weight)), ZerosLike(mean))
		if product == nil {
			product = power
		} else {
			product = Mul(product, power)
		}
	}
	return ReduceMean(product, 1)
}

// The constants of the two papers.
const (
	ssimRadius = 5
	ssimSigma  = 1.5
	ssimC1     = 0.01 * 0.01
	ssimC2     = 0.03 * 0.03
)

var multiScaleWeights = []float64{0.0448, 0.2856, 0.3001, 0.2363, 0.1333}

// similarity is the luminance term and the contrast-and-structure term of SSIM at each place, [batch, height−10, width−10, channels].
func similarity(x, y *Node) (luminance, contrast *Node) {
	c := x.Shape().Dim(3)
	smooth := gaussianWindow(Concatenate([]*Node{x, y, Square(x), Square(y), Mul(x, y)}, 3))
	part := func(i int) *Node { return along(smooth, 3, i*c, (i+1)*c) }
	mx, my := part(0), part(1)
	squares, product := Add(Square(mx), Square(my)), Mul(mx, my)
	ratio := func(a, b *Node, constant float64) *Node { // (2a + C)/(b + C)
		return Div(AddScalar(MulScalar(a, 2), constant), AddScalar(b, constant))
	}
	return ratio(product, squares, ssimC1), ratio(Sub(part(4), product), Sub(Add(part(2), part(3)), squares), ssimC2)
}

// gaussianWindow weighs each channel's pixels by SSIM's window, rows and then columns, at places where the whole window fits. It adds shifted images:
// XLA's own depthwise convolution takes thirty times as long on a CPU, and a product with a matrix is not of full precision on a GPU.
func gaussianWindow(x *Node) *Node {
	w := make([]float64, 2*ssimRadius+1)
	sum := 0.0
	for i := range w {
		d := float64(i - ssimRadius)
		w[i] = math.Exp(-d * d / (2 * ssimSigma * ssimSigma))
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	for axis := 1; axis <= 2; axis++ {
		n := x.Shape().Dim(axis) - 2*ssimRadius
		smooth := MulScalar(along(x, axis, 0, n), w[0])
		for i := 1; i < len(w); i++ {
			smooth = Add(smooth, MulScalar(along(x, axis, i, i+n), w[i]))
		}
		x = smooth
	}
	return x
}

// pair checks two stacks of images of one shape, with sides of at least a number of pixels.
func (b block) pair(x, y *Node, least int) {
	b.image(x)
	if !x.Shape().Equal(y.Shape()) {
		b.fail("x is %s and y is %s; they must have the same type and shape", x.Shape(), y.Shape())
	}
	if d := x.Shape().Dimensions; min(d[1], d[2]) < least {
		b.fail("x is %s; height and width must be at least %d", x.Shape(), least)
	}
}
