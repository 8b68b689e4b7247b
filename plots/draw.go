package plots

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawn draws one curve of a panel: its band and raw line, or the line itself.
type drawn struct {
	f      lines
	c      curve
	t      Theme
	behind bool
}

// Plot implements plot.Plotter.
func (d drawn) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	col, dashes := d.t.series(d.c.series)
	if d.behind {
		if d.c.low != nil {
			d.fillBand(c, tx, ty)
		}
		if d.c.raw != nil {
			d.stroke(c, tx, ty, d.c.raw, draw.LineStyle{Color: faint(col, 0.28), Width: 1 * px})
		}
		return
	}
	d.stroke(c, tx, ty, d.c.y, draw.LineStyle{Color: col, Width: 2 * px, Dashes: dashes})
}

// stroke draws y over the curve's x, broken where a point cannot be drawn. A point alone becomes a dot.
func (d drawn) stroke(c draw.Canvas, tx, ty func(float64) vg.Length, y []float64, s draw.LineStyle) {
	var run []vg.Point
	flush := func() {
		switch {
		case len(run) == 1 && c.Contains(run[0]):
			c.DrawGlyph(draw.GlyphStyle{Color: s.Color, Radius: 2.2 * px, Shape: draw.CircleGlyph{}}, run[0])
		case len(run) > 1:
			c.StrokeLines(s, c.ClipLinesXY(thin(run))...)
		}
		run = nil
	}
	for i, x := range d.c.x {
		if !d.f.drawable(x, y[i]) {
			flush()
			continue
		}
		run = append(run, vg.Point{X: tx(x), Y: ty(y[i])})
	}
	flush()
}

// fillBand fills between low and high, broken where either cannot be drawn; on a log axis what reaches below zero is cut
// at the axis.
func (d drawn) fillBand(c draw.Canvas, tx, ty func(float64) vg.Length) {
	col, _ := d.t.series(d.c.series)
	var upper, lower []vg.Point
	flush := func() {
		if len(upper) > 1 {
			upper, lower = thin(upper), thin(lower)
			for i := len(lower) - 1; i >= 0; i-- {
				upper = append(upper, lower[i])
			}
			c.FillPolygon(faint(col, 0.2), c.ClipPolygonXY(upper))
		}
		upper, lower = nil, nil
	}
	for i, x := range d.c.x {
		if !d.f.drawable(x, d.c.high[i]) || !finite(d.c.low[i]) {
			flush()
			continue
		}
		low := c.Min.Y
		if d.f.drawable(x, d.c.low[i]) {
			low = ty(d.c.low[i])
		}
		upper = append(upper, vg.Point{X: tx(x), Y: ty(d.c.high[i])})
		lower = append(lower, vg.Point{X: tx(x), Y: low})
	}
	flush()
}

// thin drops points that no pixel would show: of a column one pixel wide with more than two points it keeps the lowest
// and the highest, and of the whole line its ends.
func thin(p []vg.Point) []vg.Point {
	const column = px
	var out []vg.Point
	for i := 0; i < len(p); {
		j, low, high := i, i, i
		for j < len(p) && math.Floor(float64(p[j].X/column)) == math.Floor(float64(p[i].X/column)) {
			if p[j].Y < p[low].Y {
				low = j
			}
			if p[j].Y > p[high].Y {
				high = j
			}
			j++
		}
		keep := []int{min(low, high), max(low, high)}
		if i == 0 || j-i <= 2 {
			keep = append([]int{i}, keep...)
		}
		if j == len(p) || j-i <= 2 {
			keep = append(keep, j-1)
		}
		for _, k := range slices.Compact(keep) {
			out = append(out, p[k])
		}
		i = j
	}
	return out
}

// markLine draws a mark across the data, horizontally or vertically, with its name at the end.
type markLine struct {
	mark
	t        Theme
	vertical bool
}

// Plot implements plot.Plotter.
func (m markLine) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	dashed := draw.LineStyle{Color: m.t.Muted, Width: 1.2 * px, Dashes: []vg.Length{4 * px, 3 * px}}
	s := style(sizeTick, m.t.Muted, false)
	if m.vertical {
		if !finite(m.value) || !c.ContainsX(tx(m.value)) {
			return
		}
		x := tx(m.value)
		c.StrokeLine2(dashed, x, c.Min.Y, x, c.Max.Y)
		s.XAlign = draw.XCenter
		half := s.Width(m.label) / 2
		x = min(max(x, c.Min.X+half), c.Max.X-half)
		c.FillText(s, vg.Point{X: x, Y: c.Max.Y + 4*px}, m.label)
		return
	}
	if !finite(m.value) || p.Y.Scale == (plot.LogScale{}) && !positive(m.value) {
		return
	}
	y := ty(m.value)
	c.StrokeLine2(dashed, c.Min.X, y, c.Max.X, y)
	s.XAlign = draw.XRight
	c.FillText(s, vg.Point{X: c.Max.X, Y: y + 3*px}, m.label)
}

// short cuts a label after 48 letters.
func short(s string) string {
	if r := []rune(s); len(r) > 48 {
		return string(r[:47]) + "…"
	}
	return s
}

// fit cuts a text to a width.
func fit(s text.Style, t string, width vg.Length) string {
	r := []rune(t)
	for cut := len(r); s.Width(t) > width && cut > 1; {
		cut--
		t = string(r[:cut-1]) + "…"
	}
	return t
}

// legendRows breaks labels into rows that fit a width.
func legendRows(labels []string, width vg.Length) [][]string {
	s := style(sizeLabel-0.5, Light.Ink, false)
	var rows [][]string
	var used vg.Length
	for _, l := range labels {
		l = short(l)
		w := 22*px + s.Width(l) + 14*px
		if len(rows) == 0 || used+w > width {
			rows, used = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], l)
		used += w
	}
	return rows
}

// drawLegend draws rows of a short line and its label, from the top left corner (x, y) downwards.
func drawLegend(c draw.Canvas, t Theme, labels []string, x, y, width vg.Length) {
	s := style(sizeLabel-0.5, t.Ink, false)
	i := 0
	for _, row := range legendRows(labels, width) {
		at := x
		for _, l := range row {
			col, dashes := t.series(i)
			c.StrokeLine2(draw.LineStyle{Color: col, Width: 2.6 * px, Dashes: dashes}, at, y-7*px, at+16*px, y-7*px)
			c.FillText(s, vg.Point{X: at + 22*px, Y: y - 11*px}, l)
			at += 22*px + s.Width(l) + 14*px
			i++
		}
		y -= lineHeight
	}
}

func tooSmall(c draw.Canvas, panels int) error {
	return fmt.Errorf("plots: lines: %w: %.0f by %.0f pixels for %s; leave Size out or choose fewer Names",
		ErrSmall, (c.Max.X-c.Min.X)/px, (c.Max.Y-c.Min.Y)/px, count(panels, "panel"))
}
