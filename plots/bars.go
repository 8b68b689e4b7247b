package plots

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bar is one measured thing of a comparison: a value with its interval [Low, High]. An interval that is not finite, or is
// [0, 0] and does not hold the value, is not drawn.
type Bar struct {
	Label            string
	Value, Low, High float64
}

// Bars draws a dot for each value, with the interval as a whisker and the value written beside it, from top to bottom.
// XLabel names the measure with its unit; Mark draws a published value. Values that are not finite leave their row empty.
func Bars(items []Bar, opts ...Option) Figure {
	o := optionsOf(append([]Option{XLabel("")}, opts...))
	return bars{items, o}
}

type bars struct {
	items []Bar
	options
}

func (b Bar) hasInterval() bool {
	return finite(b.Low) && finite(b.High) && b.Low <= b.High && (b.Low != 0 || b.High != 0 || b.Value == 0)
}

func (f bars) check() error {
	if len(f.items) == 0 {
		return fmt.Errorf("plots: bars: %w: no bars", ErrEmpty)
	}
	for _, b := range f.items {
		if f.drawable(b.Value) {
			return nil
		}
	}
	return fmt.Errorf("plots: bars: %w (%s and others)", ErrNotFinite, f.items[0].Label)
}

func (f bars) drawable(v float64) bool { return finite(v) && (!f.logX || positive(v)) }

// Size implements Figure.
func (f bars) Size() (vg.Length, vg.Length) {
	if f.width > 0 && f.height > 0 {
		return f.width, f.height
	}
	return 600 * px, vg.Length(len(f.items))*32*px + f.head() + 56*px
}

func (f bars) head() vg.Length {
	h := margin
	if f.title != "" {
		h += 26 * px
	}
	if len(f.marks) > 0 {
		h += 16 * px
	}
	return h
}

// Draw implements Figure.
func (f bars) Draw(c draw.Canvas, t Theme) error {
	if err := f.check(); err != nil {
		return err
	}
	if w, h := c.Max.X-c.Min.X, c.Max.Y-c.Min.Y; w < 200*px || h < f.head()+vg.Length(len(f.items))*12*px+50*px {
		return fmt.Errorf("plots: bars: %w: %.0f by %.0f pixels for %s; leave Size out", ErrSmall, w/px, h/px,
			count(len(f.items), "bar"))
	}
	if f.title != "" {
		c.FillText(style(sizeTitle, t.Ink, true), vg.Point{X: c.Min.X + margin, Y: c.Max.Y - margin - 13*px}, f.title)
	}
	values := make([]string, len(f.items))
	beside := style(sizeLabel, t.Ink, false)
	beside.YAlign = draw.YCenter
	var right vg.Length
	for i, b := range f.items {
		values[i] = f.text(b)
		right = max(right, beside.Width(values[i]))
	}
	body := draw.Crop(c, margin, -(margin + right + 12*px), margin, -f.head())
	p := f.plot(t)
	p.Draw(body)
	data := p.DataCanvas(body)
	_, ty := p.Transforms(&data)
	for i, v := range values {
		c.FillText(beside, vg.Point{X: data.Max.X + 12*px, Y: ty(f.row(i)) + beside.FontExtents().Descent}, v)
	}
	return nil
}

// row is the height of the i-th item: the first is on top.
func (f bars) row(i int) float64 { return float64(len(f.items) - 1 - i) }

func (f bars) plot(t Theme) *plot.Plot {
	low, high := math.Inf(1), math.Inf(-1)
	reach := func(v float64) {
		if f.drawable(v) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	var rows plot.ConstantTicks
	for i, b := range f.items {
		reach(b.Value)
		if b.hasInterval() {
			reach(b.Low)
			reach(b.High)
		}
		rows = append(rows, plot.Tick{Value: f.row(i), Label: short(b.Label)})
	}
	for _, m := range f.marks {
		reach(m.value)
	}
	p := newPlot(t)
	axis(&p.X, f.logX, low, high, 0.06, 6)
	p.X.Label.Text, p.Y.Label.Text = f.xlabel, f.ylabel
	p.Y.Min, p.Y.Max = -0.6, float64(len(f.items))-0.4
	p.Y.Tick.Marker = rows
	p.Y.Tick.Label.Color = t.Ink
	p.Y.Tick.Label.Font.Size = vg.Points(sizeLabel)
	p.Y.Tick.Length = 8 * px
	p.Add(grid{theme: t, vertical: true})
	for _, m := range f.marks {
		p.Add(markLine{m, t, true})
	}
	p.Add(dots{f, t})
	return p
}

// dots draws the values and intervals.
type dots struct {
	f bars
	t Theme
}

// Plot implements plot.Plotter.
func (d dots) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for i, b := range d.f.items {
		if !d.f.drawable(b.Value) {
			continue
		}
		col := d.t.Series[0]
		y := ty(d.f.row(i))
		if b.hasInterval() {
			low := c.Min.X
			if d.f.drawable(b.Low) {
				low = tx(b.Low)
			}
			whisker := draw.LineStyle{Color: col, Width: 2 * px}
			c.StrokeLine2(whisker, low, y, tx(b.High), y)
			for _, x := range []vg.Length{low, tx(b.High)} {
				c.StrokeLine2(whisker, x, y-4*px, x, y+4*px)
			}
		}
		c.DrawGlyph(draw.GlyphStyle{Color: col, Radius: 4.5 * px, Shape: draw.CircleGlyph{}}, vg.Point{X: tx(b.Value), Y: y})
	}
}

// text is the value as it is written: with the decimals that the widest interval deserves, the same in every row.
func (f bars) text(b Bar) string {
	if !finite(b.Value) {
		return "no value"
	}
	widest := 0.0
	for _, o := range f.items {
		if o.hasInterval() {
			widest = math.Max(widest, (o.High-o.Low)/2)
		}
	}
	decimals := 1 - int(math.Floor(math.Log10(widest)))
	if widest == 0 || decimals > 6 {
		return number(b.Value, 4)
	}
	return minus(fmt.Sprintf("%.*f", max(0, decimals), b.Value))
}

// Alt implements Figure.
func (f bars) Alt() string {
	if err := f.check(); err != nil {
		return err.Error()
	}
	var parts []string
	for _, b := range f.items {
		s := b.Label + " " + f.text(b)
		if b.hasInterval() {
			s += fmt.Sprintf(" (%s to %s)", number(b.Low, 4), number(b.High, 4))
		}
		parts = append(parts, s)
	}
	name := strings.TrimSpace(f.title + " " + f.xlabel)
	if name == "" {
		name = "comparison"
	}
	return name + ": " + strings.Join(parts, "; ")
}
