package nn_test

import (
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// TestBlocksSayWhatDoesNotFit: one error of the execution, which names the block, where it is, what it was given and what would fit.
func TestBlocksSayWhatDoesNotFit(t *testing.T) {
	type block func(s *nn.Scope, x *Node) *Node
	conv := func(c nn.ConvConfig) block {
		return func(s *nn.Scope, x *Node) *Node {
			c.Init = nn.He(s)
			return nn.Conv(s.At("gan").At("up"), x, c)
		}
	}
	transpose := func(c nn.ConvConfig) block {
		return func(s *nn.Scope, x *Node) *Node {
			c.Init = nn.He(s)
			return nn.ConvTranspose(s.At("gan"), x, c)
		}
	}
	flat := func(f block) block { // of x as a vector
		return func(s *nn.Scope, x *Node) *Node { return f(s, Reshape(x, -1)) }
	}
	tests := []struct {
		block block // is given x (Float32)[2, 6, 4, 6]
		want  string
	}{
		{flat(conv(nn.ConvConfig{Filters: 1, Kernel: 3})), "nn.Conv at /gan/up: x is (Float32)[288], but must be [batch, height, width, channels]"},
		{conv(nn.ConvConfig{Kernel: 3}), "nn.Conv at /gan/up: Filters is 0; it must be at least 1"},
		{conv(nn.ConvConfig{Filters: 1}), "nn.Conv at /gan/up: Kernel is 0; it must be at least 1"},
		{conv(nn.ConvConfig{Filters: 1, Kernel: 3, Stride: -2}), "nn.Conv at /gan/up: Stride is -2; it must be at least 1"},
		{conv(nn.ConvConfig{Filters: 1, Kernel: 3, Dilation: -1}), "nn.Conv at /gan/up: Dilation is -1; it must be at least 1"},
		{conv(nn.ConvConfig{Filters: 1, Kernel: 3, Groups: -1}), "nn.Conv at /gan/up: Groups is -1; it must be at least 1"},
		{conv(nn.ConvConfig{Filters: 9, Kernel: 3, Groups: 2}),
			"nn.Conv at /gan/up: 2 groups do not divide both the 6 channels of x (Float32)[2, 6, 4, 6] and 9 filters; 1 or 3 groups do"},
		{conv(nn.ConvConfig{Filters: 8, Kernel: 3, Groups: 4}),
			"nn.Conv at /gan/up: 4 groups do not divide both the 6 channels of x (Float32)[2, 6, 4, 6] and 8 filters; 1 or 2 groups do"},
		{conv(nn.ConvConfig{Filters: 1, Kernel: 3, Padding: "circular"}),
			`nn.Conv at /gan/up: unknown padding "circular"; use nn.Same, nn.Valid, nn.PadReflect or nn.PadReplicate`},
		{conv(nn.ConvConfig{Filters: 1, Kernel: 3, Dilation: 2, Padding: nn.Valid}), "nn.Conv at /gan/up: x is (Float32)[2, 6, 4, 6], smaller than " +
			"the window of 5×5; use padding nn.Same, nn.PadReflect or nn.PadReplicate"},
		{conv(nn.ConvConfig{Filters: 1, Kernel: 8, Padding: nn.PadReflect}), "nn.Conv at /gan/up: a reflection by 4 pixels needs more than 4, but x is " +
			"(Float32)[2, 6, 4, 6]; nn.PadReplicate needs one"},
		{conv(nn.ConvConfig{Filters: 1, Kernel: 4, Mask: nn.MaskA}),
			`nn.Conv at /gan/up: mask "A" on a kernel of 4; masks are nn.MaskA and nn.MaskB, and the side of their kernel is odd`},
		{conv(nn.ConvConfig{Filters: 1, Kernel: 3, Mask: "C"}), `nn.Conv at /gan/up: mask "C" on a kernel of 3; masks are nn.MaskA and nn.MaskB`},
		{transpose(nn.ConvConfig{Filters: 1, Kernel: 3, Mask: nn.MaskA}), "nn.ConvTranspose at /gan: Mask is for convolutions; leave it out"},
		{transpose(nn.ConvConfig{Filters: 1, Kernel: 3, Padding: nn.PadReflect}),
			`nn.ConvTranspose at /gan: padding "reflect"; a transposed convolution has nn.Same or nn.Valid`},
		{transpose(nn.ConvConfig{Filters: 4, Kernel: 3, Groups: 3}),
			"nn.ConvTranspose at /gan: 3 groups do not divide both the 6 channels of x (Float32)[2, 6, 4, 6] and 4 filters; 1 or 2 groups do"},
		{func(s *nn.Scope, x *Node) *Node { return nn.Conv(s, x, nn.ConvConfig{Filters: 1, Kernel: 3}) },
			"nn.Conv at /: there is no initializer; give nn.Normal(s, 0.02), nn.Glorot(s) or nn.He(s)"},
		{func(s *nn.Scope, x *Node) *Node { return nn.Conv(s, ConvertDType(x, dtypes.Int32), nn.ConvConfig{}) },
			"nn.Conv at /: x is (Int32)[2, 6, 4, 6]; convert it to a floating-point type"},
		{func(s *nn.Scope, x *Node) *Node { return nn.ResizeConv(s, x, 0, nn.Nearest, nn.ConvConfig{}) },
			"nn.ResizeConv at /: factor is 0; it must be at least 1"},
		{func(s *nn.Scope, x *Node) *Node { return nn.ResizeConv(s, x, 2, "lanczos", nn.ConvConfig{}) },
			`nn.ResizeConv at /: unknown interpolation "lanczos"; use nearest, bilinear or bicubic`},
		{func(s *nn.Scope, x *Node) *Node { return nn.Dense(s.At("out"), x, 3, nn.He(s)) },
			"nn.Dense at /out: x is (Float32)[2, 6, 4, 6], but must be [batch, in] of floating-point numbers; nn.Flatten makes it so"},
		{func(s *nn.Scope, x *Node) *Node { return nn.Dense(s, nn.Flatten(x), 0, nn.He(s)) }, "nn.Dense at /: units is 0; it must be at least 1"},
		{func(s *nn.Scope, x *Node) *Node { return nn.GroupNorm(s.At("norm"), x, 4, 1e-5) },
			"nn.GroupNorm at /norm: 4 groups do not divide the 6 channels of x (Float32)[2, 6, 4, 6]; 1, 2, 3 or 6 do"},
		{func(s *nn.Scope, x *Node) *Node { return nn.LayerNorm(s, x, 0) }, "nn.LayerNorm at /: epsilon is 0; it must be above 0"},
		{flat(func(s *nn.Scope, x *Node) *Node { return nn.InstanceNorm(s, x, 1e-5) }),
			"nn.InstanceNorm at /: x is (Float32)[288], but must be [batch, height, width, channels]"},
		{flat(nn.SpectralNorm), "nn.SpectralNorm at /: weight is (Float32)[288], but must be [..., out] of at least two axes"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.PadImage(x, 4, nn.PadReflect) }, "nn.PadImage: a reflection by 4 pixels needs more than 4, but " +
			"x is (Float32)[2, 6, 4, 6]; nn.PadReplicate needs one"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.PadImage(x, -1, nn.PadZero) }, "nn.PadImage: -1 pixels; give 0 or more, or use nn.CropImage"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.PadImage(x, 1, "wrap") }, `nn.PadImage: unknown mode "wrap"; use zero, reflect or replicate`},
		{func(_ *nn.Scope, x *Node) *Node { return nn.CropImage(x, 2) }, "nn.CropImage: 2 pixels on each side of (Float32)[2, 6, 4, 6] leave nothing"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.MaxPoolBlocks(x, 4) }, "nn.MaxPoolBlocks: blocks of 4×4 do not divide the 6×4 pixels of x " +
			"(Float32)[2, 6, 4, 6]; 1 or 2 do, or crop it"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.AvgPool(x, 5, 1, nn.Valid) }, "nn.AvgPool: x is (Float32)[2, 6, 4, 6], smaller than the window of 5×5"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.AvgPool(x, 9, 1, nn.PadReflect) }, "nn.AvgPool: a reflection by 4 pixels needs more than 4"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.AvgPool(x, 2, 0, nn.Same) }, "nn.AvgPool: stride is 0; it must be at least 1"},
		{flat(func(_ *nn.Scope, x *Node) *Node { return nn.GlobalAvgPool(x) }), "nn.GlobalAvgPool: x is (Float32)[288], but must be"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.Resize(x, 0, 4, nn.Bicubic, true) }, "nn.Resize: height is 0; it must be at least 1"},
		{func(_ *nn.Scope, x *Node) *Node { nn.ZoomMatrix(4, 0, 0); return x }, "nn.ZoomMatrix: scale is 0; it must be above 0"},
		{func(_ *nn.Scope, x *Node) *Node {
			i := DiagonalWithValue(ScalarOne(x.Graph(), x.DType()), 4)
			return nn.Resample(x, i, i)
		},
			"nn.Resample: the matrix of the rows is (Float32)[4, 4] for images (Float32)[2, 6, 4, 6]; give one of type Float32 with 6 columns"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.Upsample(x, 0, nn.Bicubic) }, "nn.Upsample: factor is 0; it must be at least 1"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.Upsample(x, 2, "") }, `nn.Upsample: unknown interpolation ""; use nearest, bilinear or bicubic`},
		{func(_ *nn.Scope, x *Node) *Node { return nn.PixelShuffle(x, 2) }, "nn.PixelShuffle: the 6 channels of x (Float32)[2, 6, 4, 6] are no multiple of factor² = 4"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.PixelUnshuffle(x, 4) }, "nn.PixelUnshuffle: factor 4 does not divide the 6×4 pixels of x " +
			"(Float32)[2, 6, 4, 6]; 1 or 2 do"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.SSIM(x, x) }, "nn.SSIM: x is (Float32)[2, 6, 4, 6]; height and width must be at least 11"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.SSIM(x, nn.CropImage(x, 1)) },
			"nn.SSIM: x is (Float32)[2, 6, 4, 6] and y is (Float32)[2, 4, 2, 6]; they must have the same type and shape"},
		{func(_ *nn.Scope, x *Node) *Node { x = nn.Upsample(x, 50, nn.Nearest); return nn.MultiScaleSSIM(x, x) },
			"nn.MultiScaleSSIM: x is (Float32)[2, 300, 200, 6]; height and width must be multiples of 16"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.FeatureDistance([]*Node{x}, nil, nil) },
			"nn.FeatureDistance: 1 maps, 0 maps and 0 weights; give as many of each, at least one, or nil weights"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.FeatureDistance([]*Node{x}, []*Node{x}, []*Node{x}) },
			"nn.FeatureDistance: weights 0 are (Float32)[2, 6, 4, 6] for maps (Float32)[2, 6, 4, 6]; give a vector of as many numbers as channels"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.BernoulliLogits(nn.Flatten(x), x) },
			"nn.BernoulliLogits: target is (Float32)[2, 144] and logits is (Float32)[2, 6, 4, 6]; they must have the same type and shape"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.KLStandard(x, nn.CropImage(x, 1)) },
			"nn.KLStandard: mean is (Float32)[2, 6, 4, 6] and logVar is (Float32)[2, 4, 2, 6]; they must have the same type and shape"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.GaussianNLL(x, x, ConvertDType(x, dtypes.Float64)) },
			"nn.GaussianNLL: x is (Float32)[2, 6, 4, 6] and logVar is (Float64)[2, 6, 4, 6]; they must have the same type and shape"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.KLGaussians(x, x, x, nn.CropImage(x, 1)) }, "nn.KLGaussians: meanP is"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.DiscretizedLogistic(x, x, x, 1) }, "nn.DiscretizedLogistic: levels is 1; it must be at least 2"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.CategoricalLogits(x, x, 0) }, "nn.CategoricalLogits: logits are (Float32)[2, 6, 4, 6], but must be [batch, classes]"},
		{func(_ *nn.Scope, x *Node) *Node { x = nn.Flatten(x); return nn.CategoricalLogits(x, x, 1) },
			"nn.CategoricalLogits: smoothing is 1; it must be at least 0 and below 1"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.LabelSmoothing(-0.1).Generator(x) },
			"nn.LabelSmoothing: smoothing is -0.1; it must be at least 0 and below 1"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.Huber(x, x, 0) }, "nn.Huber: delta is 0; it must be above 0"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.Charbonnier(x, x, -1) }, "nn.Charbonnier: epsilon is -1; it must be above 0"},
		{func(_ *nn.Scope, x *Node) *Node { return nn.TotalVariation(Slice(x, AxisRange(), AxisRange(0, 1))) },
			"nn.TotalVariation: the height of x is 1; it must be at least 2"},
		{func(_ *nn.Scope, x *Node) *Node {
			return nn.GradientPenalty(ReduceAllSum, x, nn.CropImage(x, 1), ZerosLike(x))
		},
			"nn.GradientPenalty: real is (Float32)[2, 6, 4, 6] and fake is (Float32)[2, 4, 2, 6]; they must have the same type and shape"},
	}
	for _, test := range tests {
		_, err := model.CallOnce(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, g *Graph) *Node {
			return test.block(s, Ones(g, shapes.Make(dtypes.Float32, 2, 6, 4, 6)))
		})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v\nwant  %s", err, test.want)
		}
	}
}
