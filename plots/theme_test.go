package plots

import (
	"image/color"
	"math"
	"testing"
)

func isFrame(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	return r != g || g != b
}

func linear(c color.NRGBA) [3]float64 {
	var out [3]float64
	for i, v := range []uint8{c.R, c.G, c.B} {
		s := float64(v) / 255
		if s <= 0.04045 {
			out[i] = s / 12.92
		} else {
			out[i] = math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	return out
}

// contrast is WCAG 2.1's contrast ratio.
func contrast(a, b color.NRGBA) float64 {
	lum := func(c color.NRGBA) float64 {
		l := linear(c)
		return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2] + 0.05
	}
	return math.Max(lum(a), lum(b)) / math.Min(lum(a), lum(b))
}

func TestContrast(t *testing.T) {
	for name, theme := range map[string]Theme{"light": Light, "dark": Dark} {
		for _, c := range []color.NRGBA{theme.Ink, theme.Muted} {
			if r := contrast(c, theme.Background); r < 4.5 {
				t.Errorf("%s: text %v has contrast %.2f, WCAG AA asks for 4.5", name, c, r)
			}
		}
		for _, c := range theme.Series {
			if r := contrast(c, theme.Background); r < 2 {
				t.Errorf("%s: line %v has contrast %.2f", name, c, r)
			}
		}
	}
	for _, page := range []color.NRGBA{rgb(0xffffff), rgb(0x111111)} { // JupyterLab's two pages
		if r := contrast(between.Ink, page); r < 4 {
			t.Errorf("text on transparent figures has contrast %.2f with %v", r, page)
		}
	}
}

// Seen without red or without green receptors (Machado, Oliveira & Fernandes 2009, severity 1.0), any two of the first four
// colours stay well apart, and any two of the first six apart: CIE 1976 distance in CIELAB, where about 2 is just
// noticeable.
func TestColourBlind(t *testing.T) {
	matrices := map[string][3][3]float64{
		"protanopia": {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413},
			{-0.011820, 0.042940, 0.968881}},
		"full sight": {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}
	for sight, m := range matrices {
		for name, theme := range map[string]Theme{"light": Light, "dark": Dark} {
			for i := range 6 {
				for j := range i {
					want := 10.0
					if i < 4 {
						want = 20
					}
					if d := labDistance(see(m, theme.Series[i]), see(m, theme.Series[j])); d < want {
						t.Errorf("%s, %s: colours %d and %d are %.1f apart, want %v", sight, name, j, i, d, want)
					}
				}
			}
		}
	}
}

func see(m [3][3]float64, c color.NRGBA) [3]float64 {
	l := linear(c)
	var out [3]float64
	for i := range out {
		for j := range l {
			out[i] += m[i][j] * l[j]
		}
		out[i] = math.Max(0, out[i])
	}
	return out
}

// labDistance is the Euclidean distance in CIELAB of two linear sRGB colours under D65.
func labDistance(a, b [3]float64) float64 {
	toLab := func(c [3]float64) [3]float64 {
		x := (0.4124564*c[0] + 0.3575761*c[1] + 0.1804375*c[2]) / 0.95047
		y := 0.2126729*c[0] + 0.7151522*c[1] + 0.0721750*c[2]
		z := (0.0193339*c[0] + 0.1191920*c[1] + 0.9503041*c[2]) / 1.08883
		f := func(v float64) float64 {
			if v > 216.0/24389 {
				return math.Cbrt(v)
			}
			return (24389.0/27*v + 16) / 116
		}
		return [3]float64{116*f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))}
	}
	p, q := toLab(a), toLab(b)
	return math.Sqrt((p[0]-q[0])*(p[0]-q[0]) + (p[1]-q[1])*(p[1]-q[1]) + (p[2]-q[2])*(p[2]-q[2]))
}
