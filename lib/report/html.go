package report

import (
	"html/template"
	"strings"
)

// The colours are those of the page around it, so the table is readable on light and dark notebooks.
var htmlTable = template.Must(template.New("table").Parse(`<div class="darkroom-table">
<style>
.darkroom-table { overflow-x: auto; line-height: 1.45; }
.darkroom-table table { border-collapse: collapse; margin: .6em 0; font-variant-numeric: tabular-nums;
  border-top: 2px solid; border-bottom: 2px solid; }
.darkroom-table th, .darkroom-table td { padding: .3em .8em; text-align: right; white-space: nowrap; background: none;
  border: 0; }
.darkroom-table thead th { border-bottom: 1px solid; font-weight: 600; }
.darkroom-table th:first-child { text-align: left; }
.darkroom-table ul { margin: .3em 0; padding-left: 1.2em; font-size: .85em; opacity: .85; max-width: 75em; }
</style>
<strong>{{.Title}}</strong><br><small>{{.About}}</small>
<table>
<thead><tr>{{range .Header}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>
{{range .Rows}}<tr>{{range $i, $f := .}}
{{- if eq $i 0}}<th scope="row">{{.Text}}</th>
{{- else if .Best}}<td><b>{{.Text}}</b></td>
{{- else}}<td>{{.Text}}</td>
{{- end}}{{end}}</tr>
{{end}}</tbody>
</table>
<ul>
{{range .Lines}}<li><b>{{.About}}:</b> {{.Text}}</li>
{{end}}</ul>
</div>
`))

// HTML returns the table as a fragment that stands alone, with its own style: for a notebook or a page.
func (t *Table) HTML() string {
	var b strings.Builder
	if err := htmlTable.Execute(&b, t.layout()); err != nil { // a strings.Builder never fails, and layout has every field
		panic("report: " + err.Error())
	}
	return b.String()
}

// Page returns a whole HTML page with the table, for a file.
func (t *Table) Page() string {
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>` + template.HTMLEscapeString(t.layout().Title) + `</title>
<style>body { font-family: system-ui, sans-serif; margin: 2em; }</style>
</head>
<body>
` + t.HTML() + `</body>
</html>
`
}
