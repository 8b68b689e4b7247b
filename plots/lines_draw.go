package plots

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// layout returns columns, rows and the size of one panel for n panels.
func layout(n int) (columns, rows int, w, h vg.Length) {
	switch {
	case n <= 1:
		return 1, 1, 600 * px, 300 * px
	case n <= 4:
		return 2, (n + 1) / 2, 380 * px, 215 * px
	default:
		return 3, (n + 2) / 3, 290 * px, 180 * px
	}
}

// Size implements Figure.
func (f lines) Size() (vg.Length, vg.Length) {
	if f.width > 0 && f.height > 0 {
		return f.width, f.height
	}
	panels, legend, note, err := f.panels()
	if err != nil {
		return 0, 0
	}
	columns, rows, w, h := layout(len(panels))
	width := vg.Length(columns) * w
	return width, f.head(width, legend) + vg.Length(rows)*(h+stripHeight(panels, w)) + foot(note)
}

const (
	margin     = 12 * px // around the figure
	lineHeight = 17 * px // of a line of legend
)

// head is the height of the figure's title and shared legend.
func (f lines) head(width vg.Length, legend []string) vg.Length {
	h := margin
	if f.title != "" {
		h += 24 * px
	}
	if len(legend) > 0 {
		h += lineHeight*vg.Length(len(legendRows(legend, width-2*margin))) + 8*px
	}
	return h
}

func foot(note string) vg.Length {
	if note == "" {
		return margin / 2
	}
	return margin/2 + 16*px
}

// stripHeight is the height above every panel: its title, and the most lines that a panel's legend takes.
func stripHeight(panels []panel, width vg.Length) vg.Length {
	lines := 0
	for _, p := range panels {
		if p.legend {
			lines = max(lines, len(legendRows(labels(p), width-60*px)))
		}
	}
	return 20*px + lineHeight*vg.Length(lines)
}

func labels(p panel) []string {
	var out []string
	for _, c := range p.curves {
		out = append(out, c.label)
	}
	return out
}

// Draw implements Figure.
func (f lines) Draw(c draw.Canvas, t Theme) error {
	panels, legend, note, err := f.panels()
	if err != nil {
		return err
	}
	columns, rows, _, _ := layout(len(panels))
	strip := stripHeight(panels, (c.Max.X-c.Min.X)/vg.Length(columns))

	y := c.Max.Y - margin
	if f.title != "" {
		title := style(sizeTitle, t.Ink, true)
		c.FillText(title, vg.Point{X: c.Min.X + margin, Y: y - 13*px}, f.title)
		y -= 24 * px
	}
	if len(legend) > 0 {
		drawLegend(c, t, legend, c.Min.X+margin, y, c.Max.X-c.Min.X-2*margin)
	}
	if note != "" {
		small := style(sizeTick-0.5, t.Muted, false)
		c.FillText(small, vg.Point{X: c.Min.X + margin, Y: c.Min.Y + 7*px}, note)
	}

	width := (c.Max.X-c.Min.X)/vg.Length(columns) - 60*px
	height := (c.Max.Y-c.Min.Y-f.head(c.Max.X-c.Min.X, legend)-foot(note))/vg.Length(rows) - strip - 40*px
	plots := make([][]*plot.Plot, rows)
	for r := range rows {
		plots[r] = make([]*plot.Plot, columns)
		for k := range columns {
			if i := r*columns + k; i < len(panels) {
				plots[r][k] = f.plot(panels[i], t, i+columns >= len(panels))
				plots[r][k].X.Tick.Marker = withTicks(plots[r][k].X.Tick.Marker, int(width/(54*px)))
				plots[r][k].Y.Tick.Marker = withTicks(plots[r][k].Y.Tick.Marker, int(height/(32*px)))
			}
		}
	}
	tiles := draw.Tiles{
		Rows: rows, Cols: columns, PadX: 18 * px, PadY: strip + 10*px,
		PadLeft: margin, PadRight: margin, PadTop: strip + f.head(c.Max.X-c.Min.X, legend), PadBottom: foot(note),
	}
	if c.Max.X-c.Min.X < vg.Length(columns)*100*px || c.Max.Y-c.Min.Y < tiles.PadTop+tiles.PadBottom+vg.Length(rows)*(60*px)+vg.Length(rows-1)*tiles.PadY {
		return tooSmall(c, len(panels))
	}
	canvases := plot.Align(plots, tiles, c)
	for i, p := range panels {
		r, k := i/columns, i%columns
		gp, gc := plots[r][k], canvases[r][k]
		gp.Draw(gc)
		data := gp.DataCanvas(gc)
		top := data.Max.Y + strip
		c.FillText(style(sizeLabel, t.Ink, true), vg.Point{X: data.Min.X, Y: top - 13*px}, p.title)
		if p.legend {
			drawLegend(c, t, labels(p), data.Min.X, top-20*px, gc.Max.X-data.Min.X)
		}
	}
	return nil
}

// plot makes the gonum plot of one panel. Only panels with nothing below them name the horizontal axis.
func (f lines) plot(p panel, t Theme, bottom bool) *plot.Plot {
	out := newPlot(t)
	xmin, xmax, ymin, ymax := f.ranges(p)
	for _, m := range f.marks {
		if f.drawable(xmax, m.value) {
			ymin, ymax = math.Min(ymin, m.value), math.Max(ymax, m.value)
		}
	}
	axis(&out.X, f.logX, xmin, xmax, 0, 6)
	if l, ok := out.X.Tick.Marker.(linearTicks); ok {
		l.whole = !slices.ContainsFunc(p.curves, func(c curve) bool { return slices.ContainsFunc(c.x, fractional) })
		out.X.Tick.Marker = l
	}
	axis(&out.Y, f.logY, ymin, ymax, 0.05, 5)
	if bottom {
		out.X.Label.Text = f.xlabel
	}
	out.Y.Label.Text = f.ylabel
	out.Add(grid{theme: t, horizontal: true})
	for _, c := range p.curves { // every band and raw line lies behind every line
		out.Add(drawn{f, c, t, true})
	}
	for _, m := range f.marks {
		out.Add(markLine{m, t, false})
	}
	for _, c := range p.curves {
		out.Add(drawn{f, c, t, false})
	}
	return out
}

func fractional(v float64) bool { return v != math.Trunc(v) }

// ranges are the bounds of what will be drawn in a panel.
func (f lines) ranges(p panel) (xmin, xmax, ymin, ymax float64) {
	xmin, ymin = math.Inf(1), math.Inf(1)
	xmax, ymax = math.Inf(-1), math.Inf(-1)
	for _, c := range p.curves {
		for _, ys := range [][]float64{c.y, c.raw, c.low, c.high} {
			for i, y := range ys {
				if f.logY && y < c.y[i]/10 { // a bound that nears zero would stretch a log axis without end
					continue
				}
				if f.drawable(c.x[i], y) {
					xmin, xmax = math.Min(xmin, c.x[i]), math.Max(xmax, c.x[i])
					ymin, ymax = math.Min(ymin, y), math.Max(ymax, y)
				}
			}
		}
	}
	return xmin, xmax, ymin, ymax
}

// axis sets the range of an axis, padded on both sides by a share of its length, and its ticks.
func axis(a *plot.Axis, log bool, low, high, pad float64, ticks int) {
	if log {
		l, h := math.Log(low), math.Log(high)
		if h-l < 1e-6 {
			l, h = l-0.5, h+0.5
		}
		a.Min, a.Max = math.Exp(l-pad*(h-l)), math.Exp(h+pad*(h-l))
		a.Scale, a.Tick.Marker = plot.LogScale{}, logTicks{ticks}
		return
	}
	if high-low <= math.Max(1e-300, 1e-12*math.Max(math.Abs(low), math.Abs(high))) { // a constant line gets air on both sides
		d := math.Max(math.Abs(low)*0.05, 0.5)
		if low == 0 {
			d = 1
		}
		low, high = low-d, high+d
	}
	a.Min, a.Max = low-pad*(high-low), high+pad*(high-low)
	a.Tick.Marker = linearTicks{n: ticks}
}
