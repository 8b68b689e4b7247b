package metrics

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"darkroom/lib/lab"
)

// TestBlurEffect: scikit-image 0.26.0 (testdata/make_blur.py), and a picture that is blurred looks more blurred.
func TestBlurEffect(t *testing.T) {
	for _, c := range []struct {
		kind          string
		h, w, c, seed int
		want          float64
	}{{"noise", 28, 37, 1, 3, 0.128105208}, {"disc", 33, 47, 1, 4, 0.412005068}, {"wave", 51, 40, 3, 5, 0.814145010}, {"noise", 9, 8, 3, 6, 0.175729179}} {
		got, err := BlurEffect(draw(c.kind, c.h, c.w, c.c, c.seed))
		if err != nil || math.Abs(got-c.want) > 1e-8 {
			t.Errorf("%s of %d×%d×%d: %.9f, %v; scikit-image says %.9f", c.kind, c.h, c.w, c.c, got, err, c.want)
		}
	}
	im := draw("noise", 20, 24, 1, 1)
	soft := lab.NewImage(20, 24, 1)
	for i, v := range along(plane(im, 0), 20, 24, 1, []float64{0.25, 0.5, 0.25}) {
		soft.Pix[i] = float32(v)
	}
	before, _ := BlurEffect(im)
	if after, err := BlurEffect(soft); err != nil || after < before+0.02 {
		t.Errorf("%g blurred to %g, %v", before, after, err)
	}
	for want, im := range map[string]lab.Image{
		"at least 4×4; this one is 3×9×1": draw("noise", 3, 9, 1, 1), "no edge along one direction": lab.NewImage(9, 9, 1),
	} {
		if _, err := BlurEffect(im); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestWhiteness: white noise has 1, whole or partly seen; columns that alternate have ρ = ±1 at every lag, and so the mean number of pairs; noise that
// is smoothed over two pixels, ρ = ½ at one lag and 0 elsewhere, has 1 + N/4/40, but for the variance of ρ.
func TestWhiteness(t *testing.T) {
	const h, w = 120, 140
	r := rand.New(rand.NewPCG(8, 2))
	white, smooth, columns, seen := lab.NewImage(h, w, 1), lab.NewImage(h, w, 1), lab.NewImage(h, w, 1), lab.NewImage(h, w, 1)
	for i := range white.Pix {
		white.Pix[i] = float32(0.1 + 0.05*r.NormFloat64())
		columns.Pix[i] = float32(i % w % 2)
		seen.Pix[i] = float32(r.IntN(2))
	}
	for i := range smooth.Pix {
		smooth.Pix[i] = white.Pix[i] + white.Pix[max(i-1, 0)]
	}
	pairs := 0.0
	for dy := 0; dy <= 4; dy++ {
		for dx := -4; dx <= 4; dx++ {
			if dy > 0 || dx > 0 {
				pairs += float64((h-dy)*(w-max(dx, -dx))) / 40
			}
		}
	}
	for _, c := range []struct {
		name           string
		residual, seen lab.Image
		want, within   float64
	}{
		{"white", white, lab.Image{}, 1, 5 * math.Sqrt(2./40)}, {"white, half seen", white, seen, 1, 5 * math.Sqrt(2./40)},
		{"columns", columns, lab.Image{}, pairs, 1e-6 * pairs}, {"smoothed", smooth, lab.Image{}, 1 + float64(h*w)/160, 0.1 * h * w / 160},
	} {
		if got, err := Whiteness(c.residual, c.seen); err != nil || math.Abs(got-c.want) > c.within {
			t.Errorf("%s: %g, %v; want %g ± %g", c.name, got, err, c.want, c.within)
		}
	}
	for want, c := range map[string][2]lab.Image{
		"nothing is left of the measurement":  {lab.NewImage(9, 9, 1), lab.Image{}},
		"use larger pictures":                 {draw("noise", 4, 9, 1, 1), lab.Image{}},
		"is 9×9×1 and what was seen 8×9×1":    {draw("noise", 9, 9, 1, 1), lab.NewImage(8, 9, 1)},
		"(9×9×1) is NaN at row 0, column 0: ": {lab.Image{Height: 9, Width: 9, Channels: 1, Pix: append([]float32{float32(math.NaN())}, make([]float32, 80)...)}, lab.Image{}},
	} {
		if _, err := Whiteness(c[0], c[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
