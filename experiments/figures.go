package experiments

import (
	"strings"

	"darkroom/lib/report"
	"darkroom/plots"
)

// Figure is a picture of a comparison and the name of its file, without an extension.
type Figure struct {
	Name string
	plots.Figure
}

// Figures draws the measures of the comparison's table, and its curve.
func (c Comparison) Figures(t *report.Table) []Figure {
	out := Figures(t)
	if c.Curve == nil {
		return out
	}
	var points []plots.Point
	for i, e := range c.Entries {
		if i >= len(t.Rows) {
			break
		}
		x, ok := t.Rows[i].Metrics[c.Curve.X]
		y, ok2 := t.Rows[i].Metrics[c.Curve.Y]
		if !ok || !ok2 {
			continue
		}
		point := plots.Point{Series: e.Method, X: x.Value, Y: y.Value}
		if e.Name != "" {
			point.Label = strings.TrimPrefix(e.Name, e.Method+", ")
		}
		if c.Curve.Negative {
			point.Y = -y.Value
		}
		points = append(points, point)
	}
	if len(points) > 0 {
		out = append(out, Figure{c.Curve.Name, plots.Scatter(points, plots.Title(t.Title), plots.XLabel(c.Curve.XLabel), plots.YLabel(c.Curve.YLabel))})
	}
	return out
}

// Figures draws each measure of the table as bars with intervals, one a row; published numbers are marked. A
// measure that no row has is left out.
func Figures(t *report.Table) []Figure {
	var out []Figure
	for _, c := range t.Columns {
		var items []plots.Bar
		label := c.Title()
		if c.Unit != "" {
			label += " (" + c.Unit + ")"
		}
		options := []plots.Option{plots.Title(t.Title), plots.XLabel(label)}
		for _, r := range t.Rows {
			cell, ok := r.Metrics[c.Name]
			if !ok {
				continue
			}
			bar := plots.Bar{Label: r.Method, Value: cell.Value, Low: cell.Value, High: cell.Value}
			if cell.Low != nil && cell.High != nil {
				bar.Low, bar.High = *cell.Low, *cell.High
			}
			items = append(items, bar)
			for _, v := range r.Published {
				if v.Metric == c.Name && !v.Beside {
					options = append(options, plots.Mark(v.Value, "published for "+r.Method))
				}
			}
		}
		if len(items) > 0 {
			out = append(out, Figure{c.Name, plots.Bars(items, options...)})
		}
	}
	if f, ok := pace(t); ok {
		out = append(out, f)
	}
	return out
}

// pace draws how good restorations are over how long they take, where the table knows both.
func pace(t *report.Table) (Figure, bool) {
	var points []plots.Point
	for _, r := range t.Rows {
		if cell, ok := r.Metrics["psnr"]; ok && r.PerMegapixel > 0 && r.Method != "identity" {
			points = append(points, plots.Point{Label: r.Method, X: r.PerMegapixel, Y: cell.Value})
		}
	}
	return Figure{"time", plots.Scatter(points, plots.Title(t.Title), plots.LogX(),
		plots.XLabel("seconds to restore a million pixels"), plots.YLabel("PSNR (dB)"))}, len(points) > 1
}
