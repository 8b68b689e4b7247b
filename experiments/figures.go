package experiments

import (
	"darkroom/lib/report"
	"darkroom/plots"
)

// Figure is a picture of a comparison and the name of its file, without an extension.
type Figure struct {
	Name string
	plots.Figure
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
				if v.Metric == c.Name {
					options = append(options, plots.Mark(v.Value, "published for "+r.Method))
				}
			}
		}
		if len(items) > 0 {
			out = append(out, Figure{c.Name, plots.Bars(items, options...)})
		}
	}
	return out
}
