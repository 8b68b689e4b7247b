package physics_test

import (
	"math"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics_test.go

	"github.com/gomlx/gomlx/core/tensors"
)

// lcg draws numbers in [0, 1) as the Python code does that made the vectors below: s ← 1664525·s + 1013904223 mod 2³², s >> 8 over 2²⁴.
func lcg(n int, seed uint32) []float32 {
	out := make([]float32, n)
	for i := range out {
		seed = seed*1664525 + 1013904223
		out[i] = float32(seed>>8) / (1 << 24)
	}
	return out
}

// apply runs a graph function over one grey picture.
func apply(t *testing.T, x []float32, h, w int, fn func(x *Node) *Node) []float32 {
	t.Helper()
	return tensors.MustCopyFlatData[float32](MustExecOnce(xlatest.Backend(t), fn, tensors.FromFlatDataAndDimensions(x, 1, h, w, 1)))
}

func near(t *testing.T, what string, got []float32, want ...float64) {
	t.Helper()
	if len(got) < len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, v := range want {
		if math.Abs(float64(got[i])-v) > 1e-6 {
			t.Errorf("%s: value %d is %.7f, want %.7f", what, i, got[i], v)
			return
		}
	}
}

// TestGaussian: SciPy 1.17.1, gaussian_filter(x, 0.8, mode="wrap", truncate=4), x 8×10 of lcg(7), the first three rows.
func TestGaussian(t *testing.T) {
	op := physics.Blur{Shape: physics.Gaussian, Size: 0.8}
	got := apply(t, lcg(80, 7), 8, 10, func(x *Node) *Node { return op.Forward(x, nil) })
	near(t, "σ = 0.8", got,
		0.6241422, 0.6389014, 0.6667626, 0.6481923, 0.5391318, 0.5966741, 0.4629950, 0.3269261, 0.4575204, 0.6534872,
		0.6522124, 0.5700121, 0.5228914, 0.5864957, 0.5987733, 0.6097898, 0.5478911, 0.4591016, 0.4658236, 0.6313110,
		0.5011295, 0.3989974, 0.3768216, 0.5703376, 0.6284013, 0.4988725, 0.5140329, 0.5808156, 0.4632516, 0.4998943)
	op.Valid = true // a kernel of 7×7: what is left are rows 3 and 4, columns 3 to 6
	valid := apply(t, lcg(80, 7), 8, 10, func(x *Node) *Node { return op.Forward(x, nil) })
	if len(valid) != 8 {
		t.Fatalf("%d valid pixels, want 8", len(valid))
	}
	for i, v := range valid {
		if want := got[(3+i/4)*10+3+i%4]; math.Abs(float64(v-want)) > 1e-6 {
			t.Errorf("valid pixel %d is %g, want %g", i, v, want)
		}
	}
	if _, err := ExecOnce(xlatest.Backend(t), func(x *Node) *Node { return op.Forward(x, nil) }, tensors.FromFlatDataAndDimensions(lcg(42, 7), 1, 6, 7, 1)); err == nil {
		t.Error("a picture smaller than the kernel is no error")
	}
}

// TestMotion: the kernels that MATLAB's fspecial("motion", length, angle) has by its documented formula, computed with NumPy; without the rows
// and columns that are zero.
func TestMotion(t *testing.T) {
	for _, c := range []struct {
		length, angle float64
		rows, cols    int
		want          []float64
	}{
		{9, 0, 1, 9, []float64{1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9, 1. / 9}},
		{7, 30, 5, 7, []float64{
			0, 0, 0, 0, 0, 3.7020890e-02, 4.9529531e-02,
			0, 0, 0, 1.8510445e-02, 8.7592365e-02, 1.1965340e-01, 4.9529531e-02,
			0, 0, 6.9081921e-02, 1.3816384e-01, 6.9081921e-02, 0, 0,
			4.9529531e-02, 1.1965340e-01, 8.7592365e-02, 1.8510445e-02, 0, 0, 0,
			4.9529531e-02, 3.7020890e-02, 0, 0, 0, 0, 0,
		}},
		{6, 120, 7, 5, []float64{
			0, 2.1446039e-02, 0, 0, 0, 3.8746633e-02, 1.4460440e-01, 0, 0, 0, 0, 1.0585777e-01, 8.3487390e-02, 0, 0,
			0, 2.2370379e-02, 1.6697478e-01, 2.2370379e-02, 0, 0, 0, 8.3487390e-02, 1.0585777e-01, 0, 0, 0, 0, 1.4460440e-01, 3.8746633e-02,
			0, 0, 0, 2.1446039e-02, 0,
		}},
	} {
		k, side := physics.Blur{Shape: physics.Motion, Size: c.length, Angle: c.angle}.Kernel()
		total := 0.0
		for i, v := range k {
			y, x := i/side-side/2+c.rows/2, i%side-side/2+c.cols/2
			want := 0.0
			if y >= 0 && y < c.rows && x >= 0 && x < c.cols {
				want = c.want[y*c.cols+x]
			}
			if math.Abs(v-want) > 1e-7 {
				t.Errorf("motion of %g at %g°: value %d of %d×%d is %g, want %g", c.length, c.angle, i, side, side, v, want)
				break
			}
			total += v
		}
		if math.Abs(total-1) > 1e-12 {
			t.Errorf("motion of %g at %g° sums to %g", c.length, c.angle, total)
		}
	}
}

// TestDisc: what a circle covers of the middle pixel, of one beside it and of one at a corner, by hand. With radius 1 the pixel above the
// middle reaches from y = ½ to 3/2, and is covered where x² + y² ≤ 1: ∫ √(1−x²) − ½ over |x| ≤ ½ = (√3/4 + π/6) − ½.
func TestDisc(t *testing.T) {
	k, side := physics.Blur{Shape: physics.Disc, Size: 1}.Kernel()
	if side != 3 {
		t.Fatalf("side %d, want 3", side)
	}
	beside := math.Sqrt(3)/4 + math.Pi/6 - 0.5
	corner := (math.Pi - 1 - 4*beside) / 4
	for i, want := range []float64{corner, beside, corner, beside, 1, beside, corner, beside, corner} {
		if math.Abs(k[i]-want/math.Pi) > 1e-4 {
			t.Errorf("value %d is %.5f, want %.5f", i, k[i], want/math.Pi)
		}
	}
}

// TestDownsample: MATLAB's imresize by its documented algorithm (contributions of the kernel, with the mirrored index), computed with
// NumPy; its interior equals PyTorch 2.15's interpolate(mode="bicubic", antialias=True) to the last bit. x is 12×12 of lcg(factor); then the
// first three rows of the small picture, and row 5 of that one enlarged.
func TestDownsample(t *testing.T) {
	for factor, want := range map[int]struct{ down, up []float64 }{
		2: {[]float64{
			0.4189624, 0.4356228, 0.3389167, 0.4555675, 0.6872081, 0.4502579, 0.4270239, 0.4842445, 0.4479466, 0.6134226, 0.4285665, 0.7336617,
			0.5839227, 0.5929748, 0.3501356, 0.5458306, 0.4778294, 0.6694906,
		}, []float64{
			0.5877063, 0.5899297, 0.5943764, 0.5301321, 0.3971969, 0.3987225, 0.5347089, 0.5667704, 0.4949070, 0.5201414, 0.6424734, 0.7036395,
		}},
		3: {[]float64{
			0.5885523, 0.6353661, 0.3879102, 0.4091449, 0.4092953, 0.5315336, 0.4913286, 0.4708676, 0.4540729, 0.5737248, 0.4384475, 0.5559733,
		}, []float64{
			0.3862600, 0.4013645, 0.4435735, 0.5008869, 0.5373045, 0.5312520, 0.5043037, 0.4851818, 0.4867478, 0.4961404, 0.5034978, 0.5055329,
		}},
		4: {[]float64{0.4860010, 0.4379355, 0.4677663, 0.5140344, 0.5120896, 0.6066275, 0.5004037, 0.4886002, 0.4443359}, []float64{
			0.5129588, 0.5126247, 0.5112288, 0.5062764, 0.5018215, 0.5028533, 0.5147711, 0.5396937, 0.5693968, 0.5946535, 0.6079673, 0.6139514,
		}},
	} {
		op := physics.Downsample{Factor: factor}
		small := apply(t, lcg(144, uint32(factor)), 12, 12, func(x *Node) *Node { return op.Forward(x, nil) })
		if len(small) != 144/factor/factor {
			t.Fatalf("×%d: %d pixels", factor, len(small))
		}
		near(t, op.Describe(), small, want.down...)
		large := apply(t, small, 12/factor, 12/factor, func(y *Node) *Node { return op.Start(y, nil) })
		near(t, op.Describe()+", enlarged", large[5*12:], want.up...)
	}
	_, err := ExecOnce(xlatest.Backend(t), func(x *Node) *Node { return physics.Downsample{Factor: 4}.Forward(x, nil) },
		tensors.FromFlatDataAndDimensions(lcg(10*12, 1), 1, 10, 12, 1))
	if err == nil {
		t.Error("sides that are no multiple of the factor are no error")
	}
}
