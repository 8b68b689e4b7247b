package report

import "strings"

var markdownEscape = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "|", `\|`, "<", "&lt;", ">", "&gt;",
	"[", `\[`, "]", `\]`, "&", "&amp;", "\n", " ", "\r", " ")

// Markdown returns the table in GitHub's Markdown: heading, table, then published numbers, protocols and notes as a list. The
// best value of a column is bold.
func (t *Table) Markdown() string {
	l := t.layout()
	esc := markdownEscape.Replace
	var b strings.Builder
	b.WriteString("### " + esc(l.Title) + "\n\n" + esc(l.About) + "\n\n")
	for i, h := range l.Header {
		if i == 0 {
			b.WriteString("|")
		}
		b.WriteString(" " + esc(h) + " |")
	}
	b.WriteString("\n|:--|" + strings.Repeat("--:|", len(l.Header)-1) + "\n")
	for _, row := range l.Rows {
		b.WriteString("|")
		for _, f := range row {
			text := esc(f.Text)
			if f.Best {
				text = "**" + text + "**"
			}
			b.WriteString(" " + text + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, n := range l.Lines {
		b.WriteString("- " + esc(n.About) + ": " + esc(n.Text) + "\n")
	}
	return b.String()
}
