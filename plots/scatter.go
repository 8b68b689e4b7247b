package plots

import (
	"cmp"
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Point is one measured thing with two measures. Points of one series have a colour, and are joined in the order of X; those of the
// series without a name each stand alone.
type Point struct {
	Series, Label string
	X, Y          float64
}

// Scatter draws two measures against each other, with each point's label beside it and the series named above. XLabel and YLabel name
// the measures with their units. Points that are not finite are left out.
func Scatter(points []Point, opts ...Option) Figure {
	return scatter{points, optionsOf(append([]Option{XLabel("")}, opts...))}
}

type scatter struct {
	points []Point
	options
}

func (f scatter) drawable() []Point {
	return slices.DeleteFunc(slices.Clone(f.points), func(p Point) bool {
		return !finite(p.X) || !finite(p.Y) || f.logX && !positive(p.X) || f.logY && !positive(p.Y)
	})
}

// series are the names of the series, in the order in which they come.
func (f scatter) series() (names []string) {
	for _, p := range f.points {
		if !slices.Contains(names, p.Series) {
			names = append(names, p.Series)
		}
	}
	return names
}

func (f scatter) check() error {
	if len(f.points) == 0 {
		return fmt.Errorf("plots: scatter: %w: no points", ErrEmpty)
	}
	if len(f.drawable()) == 0 {
		return fmt.Errorf("plots: scatter: %w (%s and others)", ErrNotFinite, f.points[0].Label)
	}
	return nil
}

// Size implements Figure.
func (f scatter) Size() (vg.Length, vg.Length) {
	if f.width > 0 && f.height > 0 {
		return f.width, f.height
	}
	return 600 * px, 400 * px
}

// Draw implements Figure.
func (f scatter) Draw(c draw.Canvas, t Theme) error {
	if err := f.check(); err != nil {
		return err
	}
	top := margin
	if f.title != "" {
		c.FillText(style(sizeTitle, t.Ink, true), vg.Point{X: c.Min.X + margin, Y: c.Max.Y - margin - 13*px}, f.title)
		top += 26 * px
	}
	x := c.Min.X + margin
	for i, name := range f.series() {
		if name == "" {
			continue
		}
		col := t.Series[i%len(t.Series)]
		y := c.Max.Y - top - 10*px
		c.DrawGlyph(draw.GlyphStyle{Color: col, Radius: 4.5 * px, Shape: draw.CircleGlyph{}}, vg.Point{X: x + 5*px, Y: y + 4*px})
		label := style(sizeLabel, t.Ink, false)
		c.FillText(label, vg.Point{X: x + 14*px, Y: y}, name)
		x += 14*px + label.Width(name) + 16*px
	}
	if x > c.Min.X+margin {
		top += 22 * px
	}
	p := newPlot(t)
	xs, ys := []float64{}, []float64{}
	for _, q := range f.drawable() {
		xs, ys = append(xs, q.X), append(ys, q.Y)
	}
	axis(&p.X, f.logX, slices.Min(xs), slices.Max(xs), 0.12, 6)
	axis(&p.Y, f.logY, slices.Min(ys), slices.Max(ys), 0.12, 6)
	p.X.Label.Text, p.Y.Label.Text = f.xlabel, f.ylabel
	p.Add(grid{theme: t, vertical: true, horizontal: true})
	body := draw.Crop(c, margin, -margin, margin, -top)
	p.Draw(body)
	data := p.DataCanvas(body)
	tx, ty := p.Transforms(&data)
	at := func(q Point) vg.Point { return vg.Point{X: tx(q.X), Y: ty(q.Y)} }
	var taken []vg.Rectangle
	for _, q := range f.drawable() {
		taken = append(taken, around(at(q), 5*px))
	}
	for i, name := range f.series() {
		col := t.Series[i%len(t.Series)]
		of := slices.DeleteFunc(f.drawable(), func(q Point) bool { return q.Series != name })
		slices.SortStableFunc(of, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
		var line []vg.Point
		for _, q := range of {
			line = append(line, at(q))
		}
		if len(line) > 1 && name != "" {
			data.StrokeLines(draw.LineStyle{Color: col, Width: 1.5 * px}, line)
		}
		for k, q := range of {
			data.DrawGlyph(draw.GlyphStyle{Color: col, Radius: 4.5 * px, Shape: draw.CircleGlyph{}}, line[k])
			label := style(sizeLabel, t.Ink, false)
			box := beside(line[k], label.Width(q.Label), c.Rectangle, taken)
			taken = append(taken, box)
			c.FillText(label, box.Min, q.Label)
		}
	}
	return nil
}

// beside is where a label of some width stands: to the right of its point or to the left, a little above it or below, whichever is first to lie within
// the canvas and on nothing that is taken; where none does, on the side with room.
func beside(at vg.Point, width vg.Length, canvas vg.Rectangle, taken []vg.Rectangle) vg.Rectangle {
	var first *vg.Rectangle
	for _, up := range []vg.Length{5 * px, -15 * px} {
		for _, x := range []vg.Length{at.X + 7*px, at.X - 7*px - width} {
			box := vg.Rectangle{Min: vg.Point{X: x, Y: at.Y + up}, Max: vg.Point{X: x + width, Y: at.Y + up + 11*px}}
			if box.Min.X < canvas.Min.X || box.Max.X > canvas.Max.X-margin {
				continue
			}
			if !slices.ContainsFunc(taken, func(r vg.Rectangle) bool { return overlap(r, box) }) {
				return box
			}
			if first == nil {
				first = &box
			}
		}
	}
	if first == nil { // wider than the canvas
		return vg.Rectangle{Min: at, Max: at}
	}
	return *first
}

func overlap(a, b vg.Rectangle) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}

func around(p vg.Point, r vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: p.X - r, Y: p.Y - r}, Max: vg.Point{X: p.X + r, Y: p.Y + r}}
}

// Alt implements Figure.
func (f scatter) Alt() string {
	if err := f.check(); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s: %s of %s against %s", f.title, count(len(f.drawable()), "point"), f.ylabel, f.xlabel)
}
