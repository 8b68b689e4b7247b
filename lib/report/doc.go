// Package report makes tables of results: Build takes lab.Results, method by method and seed by seed, and the table
// writes itself as Markdown, LaTeX, CSV, HTML and JSON. Every value comes with its interval, its protocol and a
// paired test against the first row. The package knows nothing of engines, run directories or figures.
package report
