package plots

import (
	"image"
	"math"
	"math/rand"

	"darkroom/lib/lab"
)

var nan, inf = math.NaN(), math.Inf(1)

// demoCurves are made-up curves with the shape of a training.
func demoCurves(seed int64, n int, names ...string) lab.Curves {
	r := rand.New(rand.NewSource(seed))
	var out lab.Curves
	for j, name := range names {
		s := lab.Series{Name: name}
		a := 0.4 + 0.5*r.Float64()
		for i := range n {
			x := float64(i) * 10
			s.X = append(s.X, x)
			s.Y = append(s.Y, a*math.Exp(-x/(float64(n)*2+40*float64(j)))+0.1+0.03*float64(j)+0.03*r.NormFloat64())
		}
		out = append(out, s)
	}
	return out
}

// demoImage is a made-up picture: rings over a slope.
func demoImage(h, w, channels int, phase float64) lab.Image {
	im := lab.NewImage(h, w, channels)
	for y := range h {
		for x := range w {
			d := math.Hypot(float64(x)-float64(w)/3, float64(y)-float64(h)/2.5)
			for c := range channels {
				v := 0.5 + 0.3*math.Sin(d*d/float64(w)/3+phase+float64(c)) + 0.2*float64(x)/float64(w)
				im.Pix[(y*w+x)*channels+c] = float32(v)
			}
		}
	}
	return im
}

func demoRestorations(h, w, ch int) []Restoration {
	r := rand.New(rand.NewSource(1))
	noisy := func(im lab.Image, s float64) lab.Image {
		out := lab.NewImage(im.Height, im.Width, im.Channels)
		for i, v := range im.Pix {
			out.Pix[i] = v + float32(s*r.NormFloat64())
		}
		return out
	}
	var rows []Restoration
	for i, name := range []string{"rings", "waves"} {
		t := demoImage(h, w, ch, float64(i))
		rows = append(rows, Restoration{Name: name, Truth: t, Degraded: noisy(t, 0.1), Measure: "20.17 dB", Restored: []Restored{
			{"fista", noisy(t, 0.05), "26.02 dB"}, {"dncnn", noisy(t, 0.02), "33.98 dB"}}})
	}
	rows[1].Zoom = image.Rect(w*6/10, h*6/10, w*8/10, h*8/10)
	return rows
}
