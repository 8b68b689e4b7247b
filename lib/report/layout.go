package report

import (
	"fmt"
	"slices"
	"strings"
)

// layout is the table as text, before any format's escaping. Markdown, LaTeX and HTML write it.
type layout struct {
	Title  string
	About  string // task and commit
	Header []string
	Rows   [][]field
	Lines  []line // below the table
}

// field is the text of one cell.
type field struct {
	Text string
	Best bool // the best value of its column
}

// line is a remark below the table: what it is about, and the remark.
type line struct{ About, Text string }

const dash = "–"

func (t *Table) layout() layout {
	l := layout{Title: t.Title, About: "Task " + t.Task}
	if l.Title == "" {
		l.Title = t.Comparison
	}
	if t.Commit != "" {
		l.About += ", commit " + t.Commit
	}
	l.Header = []string{"method", "seeds", "images"}
	for _, c := range t.Columns {
		l.Header = append(l.Header, c.header())
		if t.hasPaired(c.Name) {
			l.Header = append(l.Header, "Δ "+c.Title())
		}
	}
	if t.restores() {
		l.Header = append(l.Header, "time per megapixel ↓")
	}
	l.Header = append(l.Header, "wall time")
	for _, r := range t.Rows {
		l.Rows = append(l.Rows, t.fields(r))
		for _, c := range t.Columns {
			if p, ok := r.Previous[c.Name]; ok {
				l.Lines = append(l.Lines, line{"Paired", fmt.Sprintf("%s of %s minus %s: %s.", c.Title(), r.Method,
					p.Against, p.Text())})
			}
		}
	}
	for _, r := range t.Rows {
		for _, v := range r.Published {
			l.Lines = append(l.Lines, line{"Published", v.Line})
		}
	}
	for _, c := range t.Columns {
		if c.Protocol == "" {
			l.Lines = append(l.Lines, line{"Protocol of " + c.Title(), "not measured for any method."})
			continue
		}
		l.Lines = append(l.Lines, line{"Protocol of " + c.Title(), c.Protocol + "."})
	}
	for _, n := range t.Notes {
		l.Lines = append(l.Lines, line{"Note", n})
	}
	return l
}

func (t *Table) fields(r Row) []field {
	out := []field{{Text: r.Method}, {Text: seedText(r.Seeds)}, {Text: t.imagesText(r)}}
	for _, c := range t.Columns {
		text := dash
		cell, ok := r.Metrics[c.Name]
		if ok {
			text = cell.Text()
		}
		out = append(out, field{text, ok && t.best(c, cell.Value)})
		if t.hasPaired(c.Name) {
			text = dash
			if p, ok := r.Paired[c.Name]; ok {
				text = p.Text()
			}
			out = append(out, field{Text: text})
		}
	}
	if t.restores() {
		pace := dash
		if r.PerMegapixel > 0 {
			pace = short(r.PerMegapixel) + " s"
		}
		out = append(out, field{Text: pace})
	}
	text := dash
	if len(r.Seeds) > 0 {
		text = duration(r.Seconds)
	}
	return append(out, field{Text: text})
}

// best says whether no row has a better value; never where only one row has any.
func (t *Table) best(c Column, value float64) bool {
	rows := 0
	for _, r := range t.Rows {
		cell, ok := r.Metrics[c.Name]
		if !ok {
			continue
		}
		rows++
		if (c.Better == "higher" && cell.Value > value) || (c.Better == "lower" && cell.Value < value) {
			return false
		}
	}
	return rows > 1 && c.Better != ""
}

func (t *Table) hasPaired(metric string) bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { _, ok := r.Paired[metric]; return ok })
}

// restores says whether a row knows how long its restorations took.
func (t *Table) restores() bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.PerMegapixel > 0 })
}

// Title is the column's name as papers write it.
func (c Column) Title() string {
	switch c.Name {
	case "psnr", "ssim", "mse", "elbo", "fid", "kid":
		return strings.ToUpper(c.Name)
	}
	return c.Name
}

// header is the title with unit and the arrow that says which way is better.
func (c Column) header() string {
	s := c.Title()
	if c.Unit != "" {
		s += " (" + c.Unit + ")"
	}
	switch c.Better {
	case "higher":
		s += " ↑"
	case "lower":
		s += " ↓"
	}
	return s
}

func seedText(seeds []int64) string {
	if len(seeds) == 0 {
		return dash
	}
	if n := len(seeds); n > 5 {
		return fmt.Sprintf("%d: %s … %s", n, minus(fmt.Sprint(seeds[0])), minus(fmt.Sprint(seeds[n-1])))
	}
	var parts []string
	for _, s := range seeds {
		parts = append(parts, minus(fmt.Sprint(s)))
	}
	return strings.Join(parts, ", ")
}

// imagesText lists the numbers of images of the row's cells, once if they agree.
func (t *Table) imagesText(r Row) string {
	var parts []string
	for _, c := range t.Columns {
		if cell, ok := r.Metrics[c.Name]; ok && cell.Images > 0 {
			if n := fmt.Sprint(cell.Images); !slices.Contains(parts, n) {
				parts = append(parts, n)
			}
		}
	}
	if len(parts) == 0 {
		return dash
	}
	return strings.Join(parts, ", ")
}
