package plots

import (
	"image"
	"math"
	"math/rand"
	"os"
	"testing"

	"darkroom/lib/lab"
)

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

func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	if dir == "" {
		t.Skip("set LOOK to a folder to write every figure there")
	}
	save := func(name string, f Figure) {
		for _, ext := range []string{".png", ".svg", ".pdf"} {
			if err := Save(dir+"/"+name+ext, f); err != nil {
				t.Error(name, err)
			}
		}
		if err := Save(dir+"/"+name+"-dark.png", In(Dark, f)); err != nil {
			t.Error(name, err)
		}
		h, err := HTML(f)
		if err != nil {
			t.Error(err)
		}
		_ = os.WriteFile(dir+"/"+name+".html", []byte(h), 0o644)
	}
	save("one", Lines(demoCurves(1, 400, "loss"), Title("vae on mnist"), YLabel("nats per image")))
	save("few", Lines(demoCurves(1, 40, "loss"), LogY()))
	save("gan", Lines(demoCurves(2, 600, "discriminator/fake", "discriminator/real", "generator/loss", "loss", "score/D(x)", "score/D(G(z))")))
	var many []string
	for _, g := range []string{"encoder", "decoder", "a", "b", "c", "d", "e"} {
		for _, n := range []string{"/w norm", "/grad norm", "/loss", "/mean", "/std"} {
			many = append(many, g+n)
		}
	}
	save("many", Lines(demoCurves(2, 300, many...), Title("dozens")))
	var runs []Run
	for i, l := range []string{"vae", "vae", "vae", "beta-vae", "beta-vae", "pca", "dcgan", "iwae"} {
		c := demoCurves(int64(i+1), 300, "loss", "kl")
		for k := range c {
			for j := range c[k].Y {
				c[k].Y[j] += 0.15 * float64(len(l)%4)
			}
		}
		runs = append(runs, Run{l, c})
	}
	save("seeds", Compare(runs, Title("Three seeds of vae, two of beta-vae")))
	save("seeds1", Compare(runs, Names("loss"), LogY(), YLabel("loss (nats)"), WithBand(CI95)))
	save("bars", Bars([]Bar{{"identity", 20.17, 20.1, 20.24}, {"fista (λ = 0.1)", 26.4, 25.6, 27.2}, {"dncnn", 29.13, 28.4, 29.8}, {"gone", math.NaN(), 0, 0}},
		XLabel("PSNR (dB), 95 % bootstrap interval"), Title("denoise25 on naturals"), Mark(29.23, "published 29.23")))
	var small, colour []lab.Image
	for i := range 40 {
		small = append(small, demoImage(28, 28, 1, float64(i)/5))
		colour = append(colour, demoImage(32, 32, 3, float64(i)/5))
	}
	save("grid", Grid(small, 8))
	save("colour", Grid(colour[:30], 8))
	save("manifold", Manifold(small[:36], 6))
	save("rest", Restorations(demoRestorations(180, 240, 3)))
	save("rest28", Restorations(demoRestorations(28, 28, 1)))
	live := Live("dcgan on mnist")
	for _, e := range events(demoCurves(2, 600, "discriminator/fake", "discriminator/real", "loss")) {
		live.Add(e)
	}
	_ = os.WriteFile(dir+"/live.html", []byte(live.HTML()), 0o644)
	t.Log(live.Text())
}

func events(c lab.Curves) []lab.Event {
	var out []lab.Event
	for i, x := range c[0].X {
		e := lab.Event{Step: int(x), Values: map[string]float64{}, Steps: 20000, PerSecond: 3412, Left: 75e9}
		for _, s := range c {
			e.Values[s.Name] = s.Y[i]
		}
		out = append(out, e)
	}
	return out
}
