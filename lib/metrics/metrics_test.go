package metrics

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"darkroom/lib/lab"
)

// noise, draw and spoil make the pictures of testdata/make_vectors.py.
func noise(im lab.Image, seed int) lab.Image {
	out := lab.NewImage(im.Height, im.Width, im.Channels)
	s := uint32(seed)
	for i := range out.Pix {
		s = s*1664525 + 1013904223
		out.Pix[i] = float32(s>>8) / (1 << 24)
	}
	return out
}

func draw(kind string, h, w, c, seed int) lab.Image {
	im := lab.NewImage(h, w, c)
	if kind == "noise" {
		return noise(im, seed)
	}
	for i := range im.Pix {
		y, x, k := i/c/w, i/c%w, i%c
		switch kind {
		case "disc":
			v := 0.125 + float64((x+2*y+5*k)%16)/64
			if m := min(h, w); 9*((2*y-h)*(2*y-h)+(2*x-w)*(2*x-w)) < 4*m*m {
				v += 0.5
			}
			im.Pix[i] = float32(v)
		case "wave":
			im.Pix[i] = float32(0.5 + 0.5*math.Sin(0.3*float64(x)+0.17*float64(y)+float64(k)))
		}
	}
	return im
}

func spoil(how string, im lab.Image, seed int) lab.Image {
	out := noise(im, seed+1)
	for i, n := range out.Pix {
		switch how {
		case "noisy":
			out.Pix[i] = im.Pix[i] + 0.5*(n-0.5)
		case "faint":
			out.Pix[i] = im.Pix[i] + 0.03125*(n-0.5)
		case "flat":
			out.Pix[i] = 0.5
		case "negative":
			out.Pix[i] = 1 - im.Pix[i]
		}
	}
	return out
}

func TestAgreesWithScikitImage(t *testing.T) {
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Kind, How                     string
			Height, Width, Channels, Seed int
			MSE, PSNR, SSIM               float64
			Border4                       float64 `json:"psnr_border4"`
			Luma                          float64 `json:"psnr_luma"`
			Uniform                       float64 `json:"ssim_uniform"`
			NRMSE                         float64
			Rounded                       float64 `json:"psnr_rounded"`
			Paper                         float64 `json:"psnr_paper"`
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 11 {
		t.Fatalf("%d vectors, want 11", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		truth := draw(v.Kind, v.Height, v.Width, v.Channels, v.Seed)
		x := spoil(v.How, truth, v.Seed)
		check := func(what string, m Measure, want, tolerance float64) {
			got, err := m.Of(truth, x)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got-want) > tolerance {
				t.Errorf("%s of %s %s %s is %.9f, scikit-image says %.9f", what, v.How, v.Kind, size(truth), got, want)
			}
		}
		check("MSE", MSEMeasure(Options{}), v.MSE, 1e-9)
		check("PSNR", PSNRMeasure(Options{}), v.PSNR, 1e-7)
		check("PSNR with border", PSNRMeasure(Options{Border: 4}), v.Border4, 1e-7)
		check("SSIM", SSIMMeasure(Options{}), v.SSIM, 1e-7)
		check("uniform SSIM", UniformSSIMMeasure(Options{}), v.Uniform, 1e-7)
		check("NRMSE", NRMSEMeasure(Options{}), v.NRMSE, 1e-8)
		check("PSNR of 8 bits", PSNRMeasure(Options{Round: true}), v.Rounded, 1e-5)
		check("PSNR as super-resolution has it", PSNRMeasure(Options{Round: true, Luma: true, Border: 3}), v.Paper, 1e-5)
		if v.Channels == 3 {
			check("luma PSNR", PSNRMeasure(Options{Luma: true}), v.Luma, 1e-5) // luma is kept as float32
		}
	}
}

// TestMultiScaleSSIM: testdata/ms_ssim.py, which writes the paper's formulas out with SciPy; tf.image.ssim_multiscale of TensorFlow 2.21.0, in
// float32, says 0.9682449 for these pictures, with which lib/nn compares its own.
func TestMultiScaleSSIM(t *testing.T) {
	const h, w = 176, 192
	wave := func(i int, phase float64) float64 { return (math.Sin(0.01*float64(i)*float64(1+i%7)+phase) + 1) / 2 }
	mean := 0.0
	for c := range 2 {
		truth, x := lab.NewImage(h, w, 1), lab.NewImage(h, w, 1)
		for k := range truth.Pix {
			i := 2*k + c
			truth.Pix[k] = float32(wave(i, 0))
			x.Pix[k] = float32(min(max(0.7*wave(i, 0)+0.2*wave(i, 1)+0.05, 0), 1))
		}
		v, err := MultiScaleSSIMMeasure(Options{}).Of(truth, x)
		if err != nil {
			t.Fatal(err)
		}
		mean += v / 2
		for i, v := range x.Pix {
			x.Pix[i] = 1 - v
		}
		if v, err := MultiScaleSSIMMeasure(Options{}).Of(truth, x); err != nil || v != 0 { // contrasts are negative
			t.Errorf("of the opposite: %v, %v; want 0", v, err)
		}
	}
	if math.Abs(mean-0.96825175) > 1e-8 || math.Abs(mean-0.9682449) > 1e-5 {
		t.Errorf("MS-SSIM is %.8f, SciPy says 0.96825175", mean)
	}
	if got := halved([]float64{1, 2, 3, 4, 5, 9, 6, 7, 8, 5, 1, 1, 1, 1, 1}, 3, 5); len(got) != 2 || got[0] != 4.5 || got[1] != 5.5 {
		t.Errorf("a picture of 3×5 is halved to %v", got) // the last row and column are dropped
	}
}

func TestL1(t *testing.T) {
	truth := lab.Image{Height: 1, Width: 4, Channels: 1, Pix: []float32{0, 0.5, 1, 0.25}}
	x := lab.Image{Height: 1, Width: 4, Channels: 1, Pix: []float32{0.5, 0.5, 0, 1.25}}
	for o, want := range map[Options]float64{{}: 2.5 / 4, {Clip: true}: 2.25 / 4} {
		if v, err := L1Measure(o).Of(truth, x); err != nil || v != want {
			t.Errorf("L1 with %+v is %v (%v), want %v", o, v, err, want)
		}
	}
}

func TestIdenticalPicturesStayFinite(t *testing.T) {
	im := draw("disc", 180, 176, 3, 0)
	for _, m := range Measures() {
		got, err := m.Of(im, im)
		want := map[string]float64{"psnr": MaxPSNR, "ssim": 1, "ssim-uniform": 1, "ms-ssim": 1}[m.Name]
		if err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("%s of a picture with itself is %v (%v), want %v", m.Name, got, err, want)
		}
		if m.Protocol == "" || m.Better == "" {
			t.Errorf("%s lacks its protocol or its direction", m.Name)
		}
	}
}

func TestRefusesWhatCannotBeMeasured(t *testing.T) {
	im := draw("disc", 20, 24, 1, 0)
	nan := draw("disc", 20, 24, 1, 0)
	nan.Pix[24*3+7] = float32(math.NaN())
	short := draw("disc", 20, 24, 1, 0)
	short.Pix = short.Pix[:5]
	small := draw("disc", 10, 24, 1, 0)
	two := lab.NewImage(20, 24, 2)
	for _, c := range []struct {
		m        Measure
		truth, x lab.Image
		want     []string
	}{
		{PSNRMeasure(Options{}), im, draw("disc", 24, 20, 1, 0), []string{"20×24×1", "24×20×1"}},
		{PSNRMeasure(Options{}), im, draw("disc", 20, 24, 3, 0), []string{"20×24×1", "20×24×3"}},
		{PSNRMeasure(Options{}), im, nan, []string{"NaN", "row 3", "column 7"}},
		{MSEMeasure(Options{}), im, short, []string{"5 values", "480"}},
		{MSEMeasure(Options{}), two, two, []string{"2 channels"}},
		{MSEMeasure(Options{}), lab.Image{Channels: 1}, lab.Image{Channels: 1}, []string{"0×0×1"}},
		{SSIMMeasure(Options{}), small, small, []string{"11×11", "10×24×1"}},
		{UniformSSIMMeasure(Options{}), lab.NewImage(6, 9, 1), lab.NewImage(6, 9, 1), []string{"7×7", "6×9×1"}},
		{MultiScaleSSIMMeasure(Options{}), im, im, []string{"176×176", "20×24×1", "use ssim"}},
		{NRMSEMeasure(Options{}), lab.NewImage(20, 24, 1), im, []string{"black everywhere", "use mse"}},
		{PSNRMeasure(Options{Border: 10}), im, im, []string{"border of 10", "0 to 9"}},
	} {
		_, err := c.m.Of(c.truth, c.x)
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: error %v does not name %q", c.m.Name, err, w)
			}
		}
	}
	if _, err := Lookup("pnsr"); err == nil || !strings.Contains(err.Error(), `did you mean "psnr"?`) {
		t.Errorf("Lookup: %v", err)
	}
	if m, err := Lookup("ssim"); err != nil || m.Name != "ssim" {
		t.Errorf("Lookup(ssim): %v %v", m.Name, err)
	}
}

func TestOptionsAreInTheProtocol(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range []Options{{}, {Clip: true}, {Round: true}, {Border: 4}, {Border: 8}, {Luma: true}, {Border: 4, Luma: true}} {
		for _, m := range []Measure{MSEMeasure(o), PSNRMeasure(o), SSIMMeasure(o), UniformSSIMMeasure(o), MultiScaleSSIMMeasure(o), NRMSEMeasure(o)} {
			if seen[m.Protocol] {
				t.Errorf("two protocols are both written %q", m.Protocol)
			}
			seen[m.Protocol] = true
		}
	}
}

func TestClip(t *testing.T) {
	truth, x := lab.NewImage(1, 4, 1), lab.Image{Height: 1, Width: 4, Channels: 1, Pix: []float32{-1, 0.5, 3, 0}}
	// By hand: clipped to 0, 0.5, 1, 0 the squared errors are 0, 1/4, 1, 0; unclipped 1, 1/4, 9, 0.
	for clip, want := range map[bool]float64{true: 1.25 / 4, false: 10.25 / 4} {
		if got, err := MSEMeasure(Options{Clip: clip}).Of(truth, x); err != nil || got != want {
			t.Errorf("clip %v: MSE %v, %v; want %v", clip, got, err, want)
		}
	}
	if x.Pix[0] != -1 {
		t.Error("the picture itself was clipped")
	}
}

func TestLabels(t *testing.T) {
	h, err := CountLabels([]int{0, 2, 2, 2}, 4)
	if err != nil || h.Coverage() != 2 || h.Total() != 4 || h[2] != 3 {
		t.Errorf("histogram %v, %v", h, err)
	}
	// By hand: proportions (1/4, 0, 3/4, 0) and (1/2, 1/2, 0, 0): ½ (1/4 + 1/2 + 3/4) = 3/4.
	tv, err := TotalVariation(h, LabelHistogram{5, 5, 0, 0})
	if err != nil || math.Abs(tv-0.75) > 1e-15 {
		t.Errorf("total variation %v, %v; want 0.75", tv, err)
	}
	if tv, err := TotalVariation(h, LabelHistogram{10, 0, 30, 0}); err != nil || tv != 0 {
		t.Errorf("total variation of equal proportions %v, %v", tv, err)
	}
	if tv, err := TotalVariation(h, LabelHistogram{0, 1, 0, 0}); err != nil || tv != 1 {
		t.Errorf("total variation of disjoint histograms %v, %v", tv, err)
	}
	for _, q := range []LabelHistogram{{1, 2}, {0, 0, 0, 0}, {1, -1, 1, 1}} {
		if _, err := TotalVariation(h, q); err == nil {
			t.Errorf("total variation accepts %v", q)
		}
	}
	for _, l := range []int{-1, 4} {
		if _, err := CountLabels([]int{l}, 4); err == nil {
			t.Errorf("label %d of 4 classes is accepted", l)
		}
	}
	if _, err := CountLabels(nil, 0); err == nil {
		t.Error("0 classes are accepted")
	}
}

func TestLogMeanExp(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		x    []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{math.Log(1), math.Log(3)}, math.Log(2)},
		{[]float64{-1000, -1000 + math.Log(3)}, -1000 + math.Log(2)}, // exp(-1000) is 0
		{[]float64{1000, 1000 + math.Log(3)}, 1000 + math.Log(2)},    // exp(1000) is +Inf
		{[]float64{-inf, math.Log(4)}, math.Log(2)},
		{[]float64{-inf, -inf}, -inf},
	} {
		if got := LogMeanExp(c.x); got != c.want && math.Abs(got-c.want) > 1e-12 {
			t.Errorf("LogMeanExp(%v) = %v, want %v", c.x, got, c.want)
		}
	}
	for _, x := range [][]float64{nil, {1, math.NaN()}, {math.NaN(), 1}} {
		if got := LogMeanExp(x); !math.IsNaN(got) {
			t.Errorf("LogMeanExp(%v) = %v, want NaN", x, got)
		}
	}
}

func BenchmarkSSIM512(b *testing.B) {
	truth := draw("wave", 512, 512, 1, 0)
	x := spoil("noisy", truth, 0)
	for b.Loop() {
		if _, err := SSIM(truth, x); err != nil {
			b.Fatal(err)
		}
	}
}

// TestSSIMStrips: a picture that is measured in strips has the SSIM of one that is measured at once.
func TestSSIMStrips(t *testing.T) {
	const h, w = 40, stripPixels / 13 // strips of 13 rows
	a, b := lab.NewImage(h, w, 1), lab.NewImage(h, w, 1)
	r := rand.New(rand.NewPCG(8, 1))
	for i := range a.Pix {
		a.Pix[i] = float32(i%97) / 97
		b.Pix[i] = min(max(a.Pix[i]+0.1*float32(r.NormFloat64())*float32(i/w)/h, 0), 1)
	}
	got, err := SSIM(a, b)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := ssimChannel(plane(a, 0), plane(b, 0), h, w, gaussianWindow, 1)
	if math.Abs(got-want) > 1e-12 || want > 0.99 {
		t.Errorf("SSIM in strips is %.15f, at once %.15f", got, want)
	}
}
