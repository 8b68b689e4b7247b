package report

import (
	"strings"
	"unicode/utf8"
)

var markdownEscape = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "|", `\|`, "<", "&lt;", ">", "&gt;",
	"[", `\[`, "]", `\]`, "&", "&amp;", "\n", " ", "\r", " ",
)

// Markdown returns the table in GitHub's Markdown: heading, table, then published numbers, protocols and notes as a
// list. The best value of a column is bold, and the columns are aligned for reading in a terminal.
func (t *Table) Markdown() string {
	l := t.layout()
	esc := markdownEscape.Replace
	var b strings.Builder
	b.WriteString("### " + esc(l.Title) + "\n\n" + esc(l.About) + "\n\n")
	grid := [][]string{{}, {}}
	for i, h := range l.Header {
		grid[0] = append(grid[0], esc(h))
		grid[1] = append(grid[1], alignment(i))
	}
	for _, row := range l.Rows {
		var cells []string
		for _, f := range row {
			text := esc(f.Text)
			if f.Best {
				text = "**" + text + "**"
			}
			cells = append(cells, text)
		}
		grid = append(grid, cells)
	}
	writeAligned(&b, grid)
	b.WriteString("\n")
	for _, n := range l.Lines {
		b.WriteString("- " + esc(n.About) + ": " + esc(n.Text) + "\n")
	}
	return b.String()
}

// String is Markdown.
func (t *Table) String() string { return t.Markdown() }

// alignment is the delimiter of a column: the first is aligned left, the numbers right.
func alignment(column int) string {
	if column == 0 {
		return ":--"
	}
	return "--:"
}

// writeAligned writes cells as lines with bars, each column as wide as its widest cell.
func writeAligned(b *strings.Builder, grid [][]string) {
	widths := make([]int, len(grid[0]))
	for _, row := range grid {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for r, row := range grid {
		b.WriteString("|")
		for i, cell := range row {
			pad := widths[i] - utf8.RuneCountInString(cell)
			switch {
			case r == 1 && i == 0:
				b.WriteString(" " + cell + strings.Repeat("-", pad) + " |")
			case r == 1:
				b.WriteString(" " + strings.Repeat("-", pad) + cell + " |")
			case i == 0:
				b.WriteString(" " + cell + strings.Repeat(" ", pad) + " |")
			default:
				b.WriteString(" " + strings.Repeat(" ", pad) + cell + " |")
			}
		}
		b.WriteString("\n")
	}
}
