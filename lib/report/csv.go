package report

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// CSV returns the table in long form: a header, then one line for each method and measure, numbers in full. Fields
// that do not exist are empty; seeds are separated by spaces.
func (t *Table) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	lines := [][]string{{
		"comparison", "task", "commit", "method", "seeds", "steps", "seconds", "seconds_per_megapixel",
		"metric", "value", "low", "high", "unit", "better", "images", "protocol",
		"paired_difference", "paired_low", "paired_high", "paired_p", "published", "reached",
	}}
	for _, r := range t.Rows {
		seeds := strings.Trim(fmt.Sprint(r.Seeds), "[]")
		for _, c := range t.Columns {
			cell, ok := r.Metrics[c.Name]
			if !ok {
				continue
			}
			line := []string{t.Comparison, t.Task, t.Commit, r.Method, seeds, strconv.Itoa(r.Steps), full(&r.Seconds), full(&r.PerMegapixel),
				c.Name, full(&cell.Value), full(cell.Low), full(cell.High), c.Unit, c.Better, strconv.Itoa(cell.Images), cell.Protocol}
			paired := []string{"", "", "", ""}
			if p, ok := r.Paired[c.Name]; ok {
				paired = []string{full(&p.Difference), full(&p.Low), full(&p.High), full(&p.P)}
			}
			published := []string{"", ""}
			for _, v := range r.Published {
				if v.Metric == c.Name {
					published = []string{full(&v.Value), strconv.FormatBool(v.Reached)}
				}
			}
			lines = append(lines, slices.Concat(line, paired, published))
		}
	}
	if err := w.WriteAll(lines); err != nil { // a strings.Builder never fails
		panic("report: " + err.Error())
	}
	return b.String()
}

// full writes a number with all its digits, and nil as nothing.
func full(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
