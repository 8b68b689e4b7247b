package plots

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/cmpimg"

	"darkroom/lib/lab"
)

// figures are one of each kind, on made-up data.
func figures() map[string]Figure {
	var runs []Run
	for i, label := range []string{"vae", "vae", "vae", "pca"} {
		c := demoCurves(int64(i+1), 120, "loss")
		for j := range c[0].Y {
			c[0].Y[j] += 0.1 * float64(i/3)
		}
		runs = append(runs, Run{label, c})
	}
	gaps := demoCurves(1, 30, "loss", "kl")
	gaps[0].Y[4], gaps[0].Y[20], gaps[1].Y[0] = nan, inf, -1
	var grey, colour []lab.Image
	for i := range 9 {
		grey = append(grey, demoImage(12, 12, 1, float64(i)/3))
		colour = append(colour, demoImage(12, 16, 3, float64(i)/3))
	}
	return map[string]Figure{
		"lines": Lines(demoCurves(1, 150, "loss"), Title("vae on mnist"), YLabel("nats per image"), Size(380, 240)),
		"facets": Lines(demoCurves(2, 60, "loss", "discriminator/real", "discriminator/fake", "generator/loss"),
			Size(480, 380)),
		"gaps":  Lines(gaps, LogY(), Size(480, 220)),
		"seeds": Compare(runs, Title("three seeds and one"), Mark(0.3, "target"), Size(400, 280)),
		"bars": Bars([]Bar{{"identity", 20.17, 20.1, 20.24}, {"fista (λ = 0.1)", 26.4, 25.6, 27.2},
			{"dncnn", 29.13, 28.4, 29.8}, {"absent", nan, nan, nan}},
			XLabel("PSNR (dB), 95 % interval"), Mark(29.23, "published 29.23"), Size(420, 210)),
		"scatter": Scatter([]Point{{"beta-vae", "β = 0.1", 60, 55}, {"beta-vae", "β = 10", 5, 160}, {"beta-vae", "β = 1", 25, 80}, {"vq-vae", "vq-vae", 70, 48},
			{"vq-vae", "absent", nan, 1}}, Title("rate and distortion"), XLabel("rate (nats)"), YLabel("distortion (nats)"), Size(420, 280)),
		"alone":        Scatter([]Point{{"", "tv", 0.2, 28.4}, {"", "ksvd", 5, 29.2}, {"", "dncnn", 0.6, 29.9}}, LogX(), XLabel("seconds"), YLabel("PSNR (dB)"), Size(380, 220)),
		"grid":         Grid(colour[:8], 3),
		"manifold":     Manifold(grey, 3),
		"restorations": Restorations(demoRestorations(40, 56, 1)),
		"sidebyside":   SideBySide([]Column{{"picture", colour[:2]}, {"cyclegan", colour[2:4]}, {"truth", colour[4:6]}}),
		"dark":         In(Dark, Lines(demoCurves(1, 150, "loss", "kl"), Size(480, 220))),
	}
}

// Run `go test ./plots -run Golden -regen` to remake the pictures in testdata, and look at every one of them.
func TestGolden(t *testing.T) {
	for name, f := range figures() {
		got, err := PNG(f)
		if err != nil {
			t.Fatal(name, err)
		}
		path := filepath.Join("testdata", name+"_golden.png")
		if *cmpimg.GenerateTestData {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := cmpimg.EqualApprox("png", got, want, 0.02); !ok || err != nil {
			at := filepath.Join(os.TempDir(), name+".png")
			_ = os.WriteFile(at, got, 0o644) // for the eye; the test has failed already
			t.Errorf("%s differs from %s (see %s): %v", name, path, at, err)
		}
	}
}

func TestSameBytes(t *testing.T) {
	for name, f := range figures() {
		for format, draw := range map[string]func(Figure) ([]byte, error){"SVG": SVG, "PNG": PNG, "PDF": PDF} {
			if format == "PNG" && name != "lines" && name != "grid" { // the slow one: the golden pictures see to it
				continue
			}
			a, errA := draw(f)
			b, errB := draw(figures()[name])
			if errA != nil || errB != nil {
				t.Fatal(name, format, errA, errB)
			}
			if !bytes.Equal(a, b) {
				t.Errorf("%s of %s differs from one drawing to the next", format, name)
			}
		}
	}
}

func TestWellFormed(t *testing.T) {
	for name, f := range figures() {
		svg, err := SVG(f)
		if err != nil {
			t.Fatal(name, err)
		}
		d := xml.NewDecoder(bytes.NewReader(svg))
		for {
			if _, err = d.Token(); err != nil {
				break
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: SVG is not well formed: %v", name, err)
		}
		if s := string(svg); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Errorf("%s: SVG has coordinates that are no numbers", name)
		}
		if f.Alt() == "" {
			t.Errorf("%s has no alternative text", name)
		}
	}
}

func TestErrors(t *testing.T) {
	one := lab.NewImage(4, 4, 1)
	broken := one
	broken.Pix = broken.Pix[:3]
	line := func(y ...float64) lab.Curves {
		s := lab.Series{Name: "loss", Y: y}
		for i := range y {
			s.X = append(s.X, float64(i))
		}
		return lab.Curves{s}
	}
	ragged := line(1, 2)
	ragged[0].X = ragged[0].X[:1]
	for name, c := range map[string]struct {
		f    Figure
		want error
	}{
		"no curves":           {Lines(nil), ErrEmpty},
		"no runs":             {Compare(nil), ErrEmpty},
		"no such name":        {Lines(line(1), Names("kl")), ErrEmpty},
		"an empty series":     {Lines(line()), ErrNotFinite},
		"NaN only":            {Lines(line(nan, nan, inf)), ErrNotFinite},
		"negative, log":       {Lines(line(-1, 0), LogY()), ErrNotFinite},
		"ragged":              {Lines(ragged), ErrSeries},
		"small":               {Lines(line(1, 2), Size(30, 20)), ErrSmall},
		"no bars":             {Bars(nil), ErrEmpty},
		"bars small":          {Bars([]Bar{{"a", 1, 0, 2}}, Size(30, 20)), ErrSmall},
		"bars NaN":            {Bars([]Bar{{Value: nan}}), ErrNotFinite},
		"no images":           {Grid(nil, 3), ErrEmpty},
		"zero columns":        {Grid([]lab.Image{one}, 0), ErrColumns},
		"negative columns":    {Grid([]lab.Image{one}, -2), ErrColumns},
		"sizes":               {Grid([]lab.Image{one, lab.NewImage(4, 5, 1)}, 2), ErrSizes},
		"broken image":        {Grid([]lab.Image{broken}, 1), ErrImage},
		"two channels":        {Grid([]lab.Image{lab.NewImage(2, 2, 2)}, 1), ErrImage},
		"zero size":           {Grid([]lab.Image{{}}, 1), ErrImage},
		"huge":                {Grid(many(lab.NewImage(4096, 4096, 1), 9), 3), ErrBudget},
		"manifold not square": {Manifold([]lab.Image{one, one}, 2), ErrColumns},
		"no rows":             {Restorations(nil), ErrEmpty},
		"restored size":       {Restorations([]Restoration{{Truth: one, Degraded: lab.NewImage(3, 3, 1)}}), ErrSizes},
		"restored empty":      {Restorations([]Restoration{{Truth: one}}), ErrImage},
		"unequal columns": {Restorations([]Restoration{{Truth: one, Degraded: one},
			{Truth: one, Degraded: one, Restored: []Restored{{Method: "x", Image: one}}}}), ErrColumns},
	} {
		for format, draw := range map[string]func(Figure) ([]byte, error){"SVG": SVG, "PNG": PNG, "PDF": PDF} {
			if _, err := draw(c.f); !errors.Is(err, c.want) {
				t.Errorf("%s as %s: got %v, want %v", name, format, err, c.want)
			}
		}
		if _, err := HTML(c.f); !errors.Is(err, c.want) {
			t.Errorf("%s as HTML: got %v, want %v", name, err, c.want)
		}
		_ = c.f.Alt() // must not panic
	}
}

func many(im lab.Image, n int) (out []lab.Image) {
	for range n {
		out = append(out, im)
	}
	return out
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	f := figures()["manifold"]
	for _, name := range []string{"a.png", "a.svg", "a.PDF"} {
		if err := Save(filepath.Join(dir, name), f); err != nil {
			t.Error(err)
		}
	}
	if err := Save(filepath.Join(dir, "a.gif"), f); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), ".gif") {
		t.Error(err)
	}
	if err := Save(filepath.Join(dir, "none", "a.png"), f); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	before, _ := os.ReadFile(filepath.Join(dir, "a.png"))
	if err := Save(filepath.Join(dir, "a.png"), Lines(nil)); err == nil {
		t.Error("an empty figure was saved")
	}
	if after, err := os.ReadFile(filepath.Join(dir, "a.png")); err != nil || !bytes.Equal(before, after) {
		t.Error("a figure that failed touched the file that was there")
	}
	if files, _ := os.ReadDir(dir); len(files) != 3 {
		t.Errorf("temporary files are left: %v", files)
	}
}
