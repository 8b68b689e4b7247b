package report

import "strings"

var latexEscape = strings.NewReplacer(
	`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`,
	"~", `\textasciitilde{}`, "^", `\textasciicircum{}`, "<", `$<$`, ">", `$>$`, "|", `$|$`, "\n", " ", "\r", " ",
	"−", `$-$`, "±", `$\pm$`, "×", `$\times$`, "≥", `$\geq$`, "≤", `$\leq$`, "↑", `$\uparrow$`, "↓", `$\downarrow$`,
	"Δ", `$\Delta$`, "σ", `$\sigma$`, "μ", `$\mu$`, "λ", `$\lambda$`, "β", `$\beta$`,
	"–", "--", "…", `\dots{}`, "½", `$1/2$`, "²", `$^2$`, "₁", `$_1$`, "ⁿ", `$^n$`,
)

// LaTeX returns a table environment with booktabs rules (\usepackage{booktabs}), label tab:COMPARISON. The best
// value of a column is bold.
func (t *Table) LaTeX() string {
	l := t.layout()
	esc := latexEscape.Replace
	var b strings.Builder
	b.WriteString("% needs \\usepackage{booktabs}\n\\begin{table}\n  \\centering\n")
	b.WriteString("  \\caption{" + esc(l.Title) + ". " + esc(l.About) + ".}\n")
	b.WriteString("  \\label{tab:" + label(t.Comparison) + "}\n")
	b.WriteString("  \\begin{tabular}{l" + strings.Repeat("r", len(l.Header)-1) + "}\n    \\toprule\n    ")
	for i, h := range l.Header {
		if i > 0 {
			b.WriteString(" & ")
		}
		b.WriteString(esc(h))
	}
	b.WriteString(" \\\\\n    \\midrule\n")
	for _, row := range l.Rows {
		b.WriteString("    ")
		for i, f := range row {
			if i > 0 {
				b.WriteString(" & ")
			}
			text := esc(f.Text)
			if f.Best {
				text = `{\boldmath\bfseries ` + text + "}"
			}
			b.WriteString(text)
		}
		b.WriteString(" \\\\\n")
	}
	b.WriteString("    \\bottomrule\n  \\end{tabular}\n\n  \\medskip\n  \\raggedright\\footnotesize\n")
	for _, n := range l.Lines {
		b.WriteString("  " + esc(n.About) + ": " + esc(n.Text) + "\\par\n")
	}
	b.WriteString("\\end{table}\n")
	return b.String()
}

// label keeps what a LaTeX label may hold.
func label(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, s)
}
