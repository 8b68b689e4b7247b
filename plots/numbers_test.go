package plots

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"darkroom/lib/lab"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance || math.IsNaN(got) != math.IsNaN(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The wanted values are pandas 3.1.1's Series.ewm(alpha=1-weight, adjust=True, ignore_na=True).mean().
func TestMovingAverage(t *testing.T) {
	for _, c := range []struct {
		y, want []float64
		weight  float64
	}{
		{[]float64{1, 2, 4, 3, -1}, []float64{1, 1.5555555556, 2.5573770492, 2.7073170732, 1.60447406}, 0.8},
		{[]float64{1, nan, 4, 3}, []float64{1, nan, 3, 3}, 0.5},
		{[]float64{1, 5}, []float64{1, 5}, 0},
	} {
		for i, got := range ema(c.y, c.weight) {
			near(t, "average", got, c.want[i], 1e-9)
		}
	}
}

// The wanted values are scipy 1.17.1's stats.t.ppf(0.975, df) and stats.t.interval(0.95, 2, mean, sem).
func TestInterval(t *testing.T) {
	for df, want := range map[int]float64{1: 12.7062, 2: 4.30265, 5: 2.57058, 10: 2.22814, 11: 2.20099, 20: 2.08596, 60: 2.0003} {
		near(t, "quantile of t", student975(df), want, 2e-4)
	}
	seeds := []lab.Series{{X: []float64{5, 7}, Y: []float64{1, 9}}, {X: []float64{5}, Y: []float64{1.5}}, {X: []float64{5, 7}, Y: []float64{2.4, nan}}}
	x, mean, low, high := band(seeds, CI95)
	if len(x) != 2 || x[0] != 5 || x[1] != 7 {
		t.Fatal("steps are", x)
	}
	near(t, "mean", mean[0], 4.9/3, 1e-12)
	near(t, "low", low[0], -0.12906273, 1e-3)
	near(t, "high", high[0], 3.39572940, 1e-3)
	near(t, "mean of one seed", mean[1], 9, 0)
	near(t, "high of one seed", high[1], 9, 0)
	_, _, low, high = band(seeds, MinMax)
	near(t, "smallest", low[0], 1, 0)
	near(t, "largest", high[0], 2.4, 0)
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		log       bool
		low, high float64
		want      string
	}{
		{false, 0, 1, "0 0.2 0.4 0.6 0.8 1.0"},
		{false, 0, 2990, "0 500 1000 1500 2000 2500"},
		{false, 0, 20000, "0 5k 10k 15k 20k"},
		{false, 0, 3e6, "0 0.5M 1M 1.5M 2M 2.5M 3M"},
		{false, -87.3, -86.1, "−87.2 −87.0 −86.8 −86.6 −86.4 −86.2"},
		{false, 0, 4e-5, "0 1e−5 2e−5 3e−5 4e−5"},
		{false, 3, 3, "3.00"},
		{false, 0, 0.9, "0 0.2 0.4 0.6 0.8"},
		{true, 1e-3, 1, "0.001 0.01 0.1 1"},
		{true, 0.08, 3, "0.1 0.2 0.5 1 2"},
		{true, 1, 1e12, "1 1000 1M 1e9 1e12"},
	} {
		var labels []string
		ticker := linearTicks{n: 5}.Ticks
		if c.log {
			ticker = logTicks{5}.Ticks
		}
		for _, tick := range ticker(c.low, c.high) {
			if tick.Value < c.low*(1-1e-9)-1e-12 && c.low > 0 || tick.Value > c.high+1e-9*math.Abs(c.high) {
				t.Errorf("tick %v is outside %v to %v", tick.Value, c.low, c.high)
			}
			if tick.Label != "" {
				labels = append(labels, tick.Label)
			}
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%v to %v: ticks %q, want %q", c.low, c.high, got, c.want)
		}
	}
}

func TestThinKeepsExtremes(t *testing.T) {
	var line []vg.Point
	for i := range 5000 {
		line = append(line, vg.Point{X: vg.Length(i) * px / 50, Y: vg.Length((i * 37) % 100)})
	}
	line[1234].Y, line[3456].Y = 500, -500
	out := thin(line)
	if len(out) > 2*100+2 || out[0] != line[0] || out[len(out)-1] != line[4999] {
		t.Errorf("%d points of 5000 on 100 pixels, from %v to %v", len(out), out[0], out[len(out)-1])
	}
	if !slices.Contains(out, line[1234]) || !slices.Contains(out, line[3456]) {
		t.Error("a spike is lost")
	}
	for i := range out[1:] {
		if out[i+1].X < out[i].X {
			t.Fatal("points out of order")
		}
	}
	for n := range 5 { // short lines stay as they are
		if got := thin(line[:n*50]); len(got) < min(2*n, 2) {
			t.Errorf("%d points become %d", n*50, len(got))
		}
	}
	few := []vg.Point{{X: 0, Y: 1}, {X: 0.1, Y: 2}, {X: 90, Y: 3}}
	if got := thin(few); !slices.Equal(got, few) {
		t.Errorf("%v becomes %v", few, got)
	}
}

func TestWholeSteps(t *testing.T) {
	for _, tick := range (linearTicks{n: 6, whole: true}).Ticks(0, 3) {
		if fractional(tick.Value) || strings.Contains(tick.Label, ".") {
			t.Errorf("tick %v of an axis of steps is labelled %s", tick.Value, tick.Label)
		}
	}
}

// A grid's PNG holds the pixels as they are, enlarged by a whole factor.
func TestGridPixels(t *testing.T) {
	a, b := lab.NewImage(32, 32, 3), lab.NewImage(32, 32, 3)
	for i := range b.Pix {
		b.Pix[i] = float32(i%7) / 6
	}
	im, err := render(Grid([]lab.Image{a, b}, 2), Light)
	if err != nil {
		t.Fatal(err)
	}
	if got := im.Bounds().Dx(); got != 2*64+2 {
		t.Fatalf("two images of 32 pixels, twice enlarged, with a gap of 2, are %d wide", got)
	}
	want := b.Standard()
	for y := range 64 {
		for x := range 64 {
			r1, g1, b1, _ := im.At(66+x, y).RGBA()
			r2, g2, b2, _ := want.At(x/2, y/2).RGBA()
			if r1 != r2 || g1 != g2 || b1 != b2 {
				t.Fatalf("pixel %d,%d is not that of the image", x, y)
			}
		}
	}
	if r, _, _, _ := im.At(64, 10).RGBA(); r != 0xffff {
		t.Error("the gap is not the page's colour")
	}
}

// The pixels of a small picture in a figure with text are whole and unblurred too.
func TestRestorationPixels(t *testing.T) {
	truth := lab.NewImage(20, 20, 1)
	for i := range truth.Pix {
		truth.Pix[i] = float32((i + i/20) % 2)
	}
	full := Restoration{Truth: truth, Degraded: truth}
	im, err := render(Restorations([]Restoration{full}), Light)
	if err != nil {
		t.Fatal(err)
	}
	x0, y0 := int((margin)/px*dpr), int((margin+cellHead)/px*dpr)
	for y := range 400 {
		for x := range 90 { // left of the inset
			v, _, _, _ := im.At(x0+x, y0+y).RGBA()
			if want := uint32(0xffff) * uint32((x/20+y/20)%2); v != want && !isFrame(im.At(x0+x, y0+y)) {
				t.Fatalf("pixel %d,%d is %x, want %x", x, y, v, want)
			}
		}
	}
}

func TestDetail(t *testing.T) {
	im := lab.NewImage(100, 100, 1)
	for y := 60; y < 80; y++ {
		for x := 20; x < 40; x++ {
			im.Pix[y*100+x] = float32((x + y) % 2)
		}
	}
	if got := detail(im); got.Min.X != 20 || got.Min.Y != 60 || got.Dx() != 20 || got.Dy() != 20 {
		t.Errorf("the checkerboard at 20,60 was not found: %v", got)
	}
}
