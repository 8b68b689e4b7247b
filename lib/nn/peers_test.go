package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/metrics"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// wave is sin(0.7·i + phase) by element, as np.sin(0.7*np.arange(n)+phase).reshape(dims).
func wave(phase float64, dims ...int) array {
	a := zeros(dims...)
	for i := range a.v {
		a.v[i] = math.Sin(0.7*float64(i) + phase)
	}
	return a
}

// TestAgainstPyTorch compares with values of PyTorch 2.15.0 (JAX 0.10.2 where said) in float64, made from wave(0.1) for the images and wave(0.2)
// for the kernels [kh, kw, in/groups, out], permuted to PyTorch's order, by the calls in the comments.
func TestAgainstPyTorch(t *testing.T) {
	conv := func(k array, c nn.ConvConfig) func(s *nn.Scope, x *Node) *Node {
		return func(s *nn.Scope, x *Node) *Node {
			kernel := ConstTensor(x.Graph(), k.tensor())
			s.VariableWithShape("kernel", kernel.Shape()).SetNodeValue(kernel)
			c.NoBias, c.Init = true, Zeros
			if c.Kernel = k.dims[0]; k.dims[2] == 1 && k.dims[3] > 1 { // only the transposed ones have such kernels here
				c.Filters = c.Groups
				return nn.ConvTranspose(s, x, c)
			}
			c.Filters = k.dims[3]
			return nn.Conv(s, x, c)
		}
	}
	resize := func(h, w int, kind nn.Interpolation, antialias bool, rows, columns SliceAxisSpec) func(s *nn.Scope, x *Node) *Node {
		return func(_ *nn.Scope, x *Node) *Node {
			return Slice(nn.Resize(x, h, w, kind, antialias), AxisRange(), rows, columns)
		}
	}
	tests := map[string]struct {
		x     []int
		block func(s *nn.Scope, x *Node) *Node
		want  []float64
	}{
		// conv2d(dilation=2, groups=2)
		"dilation, groups": {[]int{1, 5, 4, 4}, conv(wave(0.2, 2, 2, 2, 2), nn.ConvConfig{Dilation: 2, Groups: 2, Padding: nn.Valid}),
			[]float64{0.432725854, 0.143174229, -0.428232578, -0.214877917, 0.147792574, 0.262836553, -0.00147713436, -0.216922981,
				-0.372720632, -0.036460032, 0.427632847, 0.126805076}},
		// conv2d(dilation=2, stride=2, padding=2)
		"dilation, stride": {[]int{1, 5, 5, 1}, conv(wave(0.2, 3, 3, 1, 1), nn.ConvConfig{Dilation: 2, Stride: 2}),
			[]float64{-1.56028949, -1.13191751, 0.441351534, -0.2660239, 1.22862092, 1.5801724, 1.40079632, 1.57956983, -0.176919388}},
		// Conv2d(1, 1, 3, padding=1, padding_mode="reflect")
		"reflect": {[]int{1, 3, 4, 1}, conv(wave(0.2, 3, 3, 1, 1), nn.ConvConfig{Padding: nn.PadReflect}),
			[]float64{0.231305721, -0.960036795, 0.198065553, 0.665747056, 1.22078074, 2.25765657, 0.531102455, -0.461372128,
				0.00980885607, -1.38764329, -0.388547396, 0.634600035}},
		// the same with padding_mode="replicate"
		"replicate": {[]int{1, 3, 4, 1}, conv(wave(0.2, 3, 3, 1, 1), nn.ConvConfig{Padding: nn.PadReplicate}),
			[]float64{0.279965124, 1.83367298, 3.6941866, 4.27433182, 2.24143917, 2.25765657, 0.531102455, -0.752880019, 0.22221363,
				-1.91786782, -3.35309307, -3.8183145}},
		// conv_transpose2d(stride=2, groups=2)
		"transposed, groups": {[]int{1, 1, 2, 4}, conv(wave(0.2, 3, 3, 1, 4), nn.ConvConfig{Stride: 2, Groups: 2, Padding: nn.Valid}),
			[]float64{0.581758168, 1.59996964, -0.36599269, -1.69773614, -0.191171856, -0.0315299184, 0.268226191, 1.75961158, -0.206350752,
				-1.68504056, 0.16259551, -1.3160943, -0.414337055, 0.880786708, 0.738830136, 1.07205462, -0.0209705378, -0.982869814,
				-0.081112568, 0.436409644, -0.750626175, -0.233103963, 0.796313754, 0.782971051, -0.576160358, -1.08188169, -0.246446667,
				-0.738825292, 0.290592425, 1.23179541}},
		// conv_transpose2d(dilation=2)
		"transposed, dilation": {[]int{1, 2, 1, 2}, conv(wave(0.2, 2, 2, 1, 2), nn.ConvConfig{Dilation: 2, Groups: 1, Padding: nn.Valid}),
			[]float64{0.581758168, 0, 0.634727024, 0.831488651, 0, 1.59996964, -0.36599269, 0, -0.759140488, -0.287604114, 0, -1.69773614}},
		// avg_pool2d(3, 2, 1, count_include_pad=False)
		"average, same": {[]int{1, 5, 5, 2}, func(_ *nn.Scope, x *Node) *Node { return nn.AvgPool(x, 3, 2, nn.Same) },
			[]float64{0.656196139, 0.686821439, -0.0487482753, -0.304901123, -0.571909672, -0.159643024, 0.503975445, 0.132006684, -0.346903238,
				-0.354266195, 0.0958252273, 0.480524647, -0.119239901, -0.54617607, -0.320856751, -0.0725487011, 0.674005824, 0.671613815}},
		// avg_pool2d(3, 2)
		"average, valid": {[]int{1, 6, 5, 2}, func(_ *nn.Scope, x *Node) *Node { return nn.AvgPool(x, 3, 2, nn.Valid) },
			[]float64{0.298127872, 0.0832194969, -0.356198271, -0.200338039, -0.181894358, -0.349175507, 0.062157959, 0.284713334}},
		// interpolate(size=(5, 3), mode="bilinear")
		"bilinear": {[]int{1, 3, 4, 1}, resize(5, 3, nn.Bilinear, false, AxisRange(), AxisRange()),
			[]float64{0.202753862, 0.857425539, 0.839996168, 0.171900731, 0.242718047, 0.123278547, 0.125621034, -0.67934319, -0.951797885,
				-0.213439437, -0.0180818025, 0.191449423, -0.439479751, 0.422759122, 0.953614294}},
		// interpolate(size=(8, 8), mode="bilinear", antialias=True)[2:6, 5]. Edges are left out: here they are mirrored, as MATLAB's.
		"bilinear, antialias": {[]int{1, 16, 16, 1}, resize(8, 8, nn.Bilinear, true, AxisRange(2, 6), AxisElem(5)),
			[]float64{0.372741764, -0.38294575, 0.330023465, -0.222698825}},
		// interpolate(size=(8, 8), mode="bicubic", antialias=True)[2:6, 2:6]
		"bicubic, antialias, half": {[]int{1, 16, 16, 1}, resize(8, 8, nn.Bicubic, true, AxisRange(2, 6), AxisRange(2, 6)),
			[]float64{-0.146142027, -0.605971669, -0.0598485193, 0.585627106, 0.368540394, 0.538619796, -0.185445059, -0.60165893, -0.530187126,
				-0.382479736, 0.40016915, 0.51851095, 0.604435745, 0.163290225, -0.548927799, -0.349889604}},
		// interpolate(size=(6, 6), mode="bicubic", antialias=True)[2:4, 2:4]
		"bicubic, antialias, 16 to 6": {[]int{1, 16, 16, 1}, resize(6, 6, nn.Bicubic, true, AxisRange(2, 4), AxisRange(2, 4)),
			[]float64{0.211868335, -0.233991513, -0.272624649, 0.132132956}},
		// interpolate(size=(15, 15), mode="bicubic", antialias=True)[5:10, 7]; without antialias its kernel is another, of a = −3/4
		"bicubic, larger": {[]int{1, 6, 6, 1}, resize(15, 15, nn.Bicubic, false, AxisRange(5, 10), AxisElem(7)),
			[]float64{-0.762117095, -0.638538755, 0.147959837, 0.883051326, 0.792077994}},
		// jax.image.resize(x, (1, 6, 6, 1), "cubic", antialias=False)[1:5, 1:5]
		"bicubic, no antialias, 16 to 6": {[]int{1, 16, 16, 1}, resize(6, 6, nn.Bicubic, false, AxisRange(1, 5), AxisRange(1, 5)),
			[]float64{-0.729947624, -0.336660642, 0.926650771, -0.207390442, 0.423063477, 0.722936438, -0.846816716, -0.226250522,
				0.132680734, -0.966889051, 0.434895535, 0.712516074, -0.519959051, 0.885326726, -0.000211908514, -0.886253987}},
		// grid_sample(affine_grid([[[1/0.8, 0, 0.25/0.8], [0, 1/1.3, -0.1/1.3]]]), padding_mode="border"), neither with align_corners
		"zoom": {[]int{1, 3, 4, 2}, func(_ *nn.Scope, x *Node) *Node {
			matrix := func(n int, scale, shift float64) *Node {
				return ConstTensor(x.Graph(), tensors.FromFlatDataAndDimensions(nn.ZoomMatrix(n, scale, shift), n, n))
			}
			return nn.Resample(x, matrix(3, 1.3, 0.1), matrix(4, 0.8, -0.25))
		}, []float64{0.260207958, 0.693630389, 0.635143995, 0.232341286, -0.571491123, -0.807500521, -0.863247086, -0.954753253, -0.166731046,
			0.38355852, 0.74695624, 0.561363324, -0.19935114, -0.658681883, -0.510454745, -0.926946443, -0.525940628, -0.0254337505,
			0.63462134, 0.711145666, 0.214913616, -0.323097724, -0.0233798404, -0.62831356}},
	}
	for name, test := range tests {
		got, err := model.CallOnce(xlatest.Backend(t), model.NewStore(), test.block, wave(0.1, test.x...).tensor())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		near(t, name, flat64(got), test.want, 1e-8)
	}
}

// TestAvgPoolEdges: a mean over a padded image is that of the image padded first.
func TestAvgPoolEdges(t *testing.T) {
	x := wave(0.1, 2, 4, 5, 3)
	for _, mode := range []nn.PadMode{nn.PadReflect, nn.PadReplicate} {
		got := MustExecOnceN(xlatest.Backend(t), func(x *Node) []*Node {
			return []*Node{nn.AvgPool(x, 5, 1, mode), nn.AvgPool(nn.PadImage(x, 2, mode), 5, 1, nn.Valid)}
		}, x.tensor())
		near(t, string(mode), flat64(got[0]), flat64(got[1]), 1e-12)
	}
}

// TestLossesAgainstPyTorch has the losses of PyTorch 2.15.0 in float64.
func TestLossesAgainstPyTorch(t *testing.T) {
	in := func(g *Graph, phase float64, dims ...int) *Node { return ConstTensor(g, wave(phase, dims...).tensor()) }
	got := MustExecOnceN(xlatest.Backend(t), func(g *Graph) []*Node {
		return []*Node{
			// cross_entropy(3*wave(.1), softmax(wave(.2), 1), reduction="none", label_smoothing=.1)
			nn.CategoricalLogits(Softmax(in(g, 0.2, 3, 4)), MulScalar(in(g, 0.1, 3, 4), 3), 0.1),
			// huber_loss(3*wave(.1), wave(.9), reduction="none", delta=.8)
			nn.Huber(MulScalar(in(g, 0.1, 8), 3), in(g, 0.9, 8), 0.8),
			// kl_divergence(Normal(wave(.1), exp(wave(.5))), Normal(wave(.9), exp(wave(1.3))))
			nn.KLGaussians(in(g, 0.1, 6), MulScalar(in(g, 0.5, 6), 2), in(g, 0.9, 6), MulScalar(in(g, 1.3, 6), 2)),
		}
	})
	for i, want := range [][]float64{
		{1.51910955, 1.81516707, 1.68341565},
		{0.117044118, 0.601995736, 1.4774238, 1.50749536, 0.678067303, 0.0706726811, 1.1381465, 1.60973652},
		{0.208005117, 0.0069865972, 0.406120939, 1.43737507, 2.23254713, 1.01781734},
	} {
		near(t, []string{"cross-entropy", "Huber", "KL"}[i], flat64(got[i]), want, 1e-8)
	}
}

// TestDiscretizedLogistic compares with −log(σ(p) − σ(m)) computed with 900 digits by mpmath 1.3.0, in float32 too, and takes gradients.
func TestDiscretizedLogistic(t *testing.T) {
	value := []float64{0, 255, 128, 10, 200, 3, 100, 100, 0, 255, 255, 77, 254, 1}
	mean := []float64{0.5, 0.5, 0.5, 0.9, 0.1, 2, 0.4, 0.4, -3, 4, -1, 77.0 / 255, 0.25, 0.25}
	logScale := []float64{-3, -3, -3, -5, -7, -1, 10, 20, -4, -4, -4, -12, -4, -4}
	want := []float64{10.0034303013, 10.0034303013, 3.92807473679, 128.278908379, 748.304515318, 9.95481450453, 16.9275579063, 26.9275579063,
		6.58386132017e-72, 6.58386132017e-72, 109.08924487, 5.08061902095e-139, 42.2738562711, 14.9747841961}
	for _, dtype := range []dtypes.DType{dtypes.Float64, dtypes.Float32} {
		out := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
			for i := range in {
				in[i] = ConvertDType(in[i], dtype)
			}
			y := nn.DiscretizedLogistic(DivScalar(in[0], 255), in[1], in[2], 256)
			all := append([]*Node{y}, Gradient(ReduceAllSum(y), in[1:]...)...)
			for i := range all {
				all[i] = ConvertDType(all[i], dtypes.Float64)
			}
			return all
		}, value, mean, logScale)
		for i, got := range flat64(out[0]) {
			// The bin's edges are rounded in float32: by 6e-8 in units of the image, which are e^−logScale units of the scale.
			tolerance := 1e-9 * math.Max(1, want[i])
			if dtype == dtypes.Float32 {
				tolerance = 1e-6*math.Max(1, want[i]) + 2e-7*math.Exp(-logScale[i])
			}
			if !(math.Abs(got-want[i]) <= tolerance) {
				t.Errorf("%s: value %v, mean %v, log scale %v: %v, want %v", dtype, value[i], mean[i], logScale[i], got, want[i])
			}
			for _, d := range out[1:] {
				if v := flat64(d)[i]; math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s: value %v, mean %v, log scale %v: derivative %v", dtype, value[i], mean[i], logScale[i], v)
				}
			}
		}
	}
	// All the values together have probability 1.
	total := 0.0
	all := MustExecOnce(xlatest.Backend(t), func(g *Graph) *Node {
		x := DivScalar(ConvertDType(Iota(g, shapes.Make(dtypes.Int32, 256), 0), dtypes.Float64), 255)
		return Exp(Neg(nn.DiscretizedLogistic(x, Scalar(g, dtypes.Float64, 0.3), Scalar(g, dtypes.Float64, -2.5), 256)))
	})
	for _, p := range flat64(all) {
		total += p
	}
	near(t, "total probability", []float64{total}, []float64{1}, 1e-12)
}

// TestSSIM compares with lib/metrics, of images in float32.
func TestSSIM(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	const n, h, w, c = 3, 17, 21, 3
	x, y := make([]float32, n*h*w*c), make([]float32, n*h*w*c)
	for i := range x {
		x[i] = r.Float32()
		y[i] = 0.7*x[i] + 0.3*r.Float32()
	}
	tensor := func(v []float32) *tensors.Tensor { return tensors.FromFlatDataAndDimensions(v, n, h, w, c) }
	got := MustExecOnceN(xlatest.Backend(t), func(x, y *Node) []*Node { return []*Node{nn.SSIM(x, y), nn.SSIMLoss(x, y)} }, tensor(x), tensor(y))
	want, loss := make([]float64, n), 1.0
	for i := range want {
		image := func(v []float32) lab.Image {
			return lab.Image{Height: h, Width: w, Channels: c, Pix: v[i*h*w*c : (i+1)*h*w*c]}
		}
		var err error
		if want[i], err = metrics.SSIM(image(x), image(y)); err != nil {
			t.Fatal(err)
		}
		loss -= want[i] / n
	}
	near(t, "SSIM", wide(tensors.MustCopyFlatData[float32](got[0])), want, 2e-6)
	near(t, "loss", wide(tensors.MustCopyFlatData[float32](got[1])), []float64{loss}, 2e-6)
}

// TestMultiScaleSSIM compares with tf.image.ssim_multiscale and tf.image.ssim of TensorFlow 2.21.0 for the images below, and takes a gradient where
// the terms are negative.
func TestMultiScaleSSIM(t *testing.T) {
	image := func(phase float64) array {
		a := zeros(1, 176, 192, 2)
		for i := range a.v {
			a.v[i] = (math.Sin(0.01*float64(i)*float64(1+i%7)+phase) + 1) / 2
		}
		return a
	}
	x, other := image(0), image(1)
	y := zeros(x.dims...)
	for i := range y.v {
		y.v[i] = min(max(0.7*x.v[i]+0.2*other.v[i]+0.05, 0), 1)
	}
	got := MustExecOnceN(xlatest.Backend(t), func(x, y *Node) []*Node {
		opposite := nn.MultiScaleSSIM(x, OneMinus(x)) // its contrasts are negative
		return []*Node{nn.MultiScaleSSIM(x, y), nn.SSIM(x, y), opposite, ReduceAllMax(Abs(Gradient(ReduceAllSum(opposite), x)[0]))}
	}, single(x), single(y))
	for i, want := range []float64{0.9682449, 0.9604672, 0, 0} {
		near(t, []string{"MS-SSIM", "SSIM", "of the opposite", "its gradient"}[i], wide(tensors.MustCopyFlatData[float32](got[i])), []float64{want}, 1e-5)
	}
}

// TestFeatureDistance compares with the formula by loops, and has a zero vector, whose gradient is finite.
func TestFeatureDistance(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 2))
	x, y, weight := random(r, 2, 3, 2, 4), random(r, 2, 3, 2, 4), []float64{0.5, 0, 1, 2}
	for i := range 4 {
		x.v[i] = 0
	}
	got := MustExecOnceN(xlatest.Backend(t), func(in []*Node) []*Node {
		d := nn.FeatureDistance([]*Node{in[0], in[0]}, []*Node{in[1], in[1]}, []*Node{in[2], OnesLike(in[2])})
		return []*Node{d, Gradient(ReduceAllSum(d), in[0])[0]}
	}, x.tensor(), y.tensor(), weight)
	want := make([]float64, 2)
	for p := 0; p < len(x.v); p += 4 {
		lx, ly := 0.0, 0.0
		for c := range 4 {
			lx += x.v[p+c] * x.v[p+c]
			ly += y.v[p+c] * y.v[p+c]
		}
		for c := range 4 {
			d := x.v[p+c]/math.Sqrt(lx+1e-8) - y.v[p+c]/math.Sqrt(ly+1e-8)
			want[p/24] += (weight[c] + 1) * d * d / 6
		}
	}
	near(t, "distance", flat64(got[0]), want, 1e-12)
	for i, v := range flat64(got[1]) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("gradient %d is %v", i, v)
		}
	}
}

// TestLabelSmoothing: the discriminator's loss is the cross-entropy with targets 0.9 and 0; the generator's is as without smoothing.
func TestLabelSmoothing(t *testing.T) {
	game := nn.LabelSmoothing(0.1)
	real, fake := []float64{2, -1, 40}, []float64{-3, 0.5, 1}
	got := MustExecOnceN(xlatest.Backend(t), func(real, fake *Node) []*Node {
		return []*Node{game.Discriminator(real, fake), game.Generator(fake), nn.AdversarialLosses[0].Generator(fake)}
	}, real, fake)
	want := 0.0
	for i := range real {
		want -= (0.9*math.Log(sigmoid(real[i])) + 0.1*(-real[i]-math.Log1p(math.Exp(-real[i]))) + math.Log(1-sigmoid(fake[i]))) / 3
	}
	near(t, "discriminator", flat64(got[0]), []float64{want}, 1e-9)
	near(t, "generator", flat64(got[1]), flat64(got[2]), 0)
	if nn.AdversarialLosses[0].Name != "non-saturating" {
		t.Error("the list of games changed")
	}
}
