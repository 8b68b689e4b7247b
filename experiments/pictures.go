package experiments

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"darkroom/lib/lab"
	"darkroom/lib/record"
	"darkroom/lib/report"
	"darkroom/plots"
)

// MustPictures is Pictures for a notebook's cell, of the first n pictures; an error ends the cell with its message.
func MustPictures(n int, runs ...*lab.Run) plots.Figure {
	f, err := Pictures(n, resultsOf(runs), nil)
	if err == nil && f == nil {
		err = errors.New("these runs keep no pictures: they neither restore, nor segment, nor translate")
	}
	orExit(err)
	return f
}

// MustTable is the table of runs of one task for a notebook's cell: their metrics of those names, and the differences to the first run on the same pictures;
// an error ends the cell with its message.
func MustTable(title string, metrics []string, runs ...*lab.Run) *report.Table {
	t, err := tableOf(title, metrics, resultsOf(runs))
	orExit(err)
	return t
}

func tableOf(title string, metrics []string, runs []*lab.Result) (*report.Table, error) {
	if len(runs) == 0 {
		return nil, errors.New("a table needs at least one run")
	}
	var entries []report.Entry
	for i, name := range columnNames(runs) {
		if runs[i].Spec.Task != runs[0].Spec.Task {
			return nil, fmt.Errorf("%s is a run of %s, and %s one of %s; a table is of one task",
				runs[0].Spec.Method, runs[0].Spec.Task, runs[i].Spec.Method, runs[i].Spec.Task)
		}
		entries = append(entries, report.Entry{Method: name, Results: []*lab.Result{runs[i]}})
	}
	return report.Build(report.Heading{Title: title, Task: runs[0].Spec.Task}, metrics, entries, nil)
}

func resultsOf(runs []*lab.Run) (out []*lab.Result) {
	for _, r := range runs {
		out = append(out, &r.Result)
	}
	return out
}

// orExit ends a cell with an error's message.
func orExit(err error) {
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// PicturesName is the name of the figure that Pictures makes of a task's runs; empty if it makes none.
func PicturesName(task string) string {
	kind, _, _ := strings.Cut(task, ":")
	return map[lab.Kind]string{lab.Restore: "restorations", lab.Translate: "translations", lab.Segment: "segmentations"}[lab.Kind(kind)]
}

// Pictures is the figure of the first n test pictures, and of what runs of one kind of task made of them, a column each: of restorers with the truth,
// what was measured and the PSNR, of segmenters and translators with the picture and the truth, if there is one. names head the columns; nil takes
// the methods' names and the parameters in which runs of one method differ. The figure is nil if the runs keep no pictures.
func Pictures(n int, runs []*lab.Result, names []string) (plots.Figure, error) {
	if len(runs) == 0 {
		return nil, nil
	}
	if names == nil {
		names = columnNames(runs)
	}
	kind, _, _ := strings.Cut(runs[0].Spec.Task, ":")
	switch lab.Kind(kind) {
	case lab.Restore:
		return restorations(n, runs, names)
	case lab.Translate:
		return sideBySide(n, runs, names, "A", "translated", "true B")
	case lab.Segment:
		return sideBySide(n, runs, names, "picture", "segmented", "truth")
	}
	return nil, nil
}

// columnNames are the runs' methods and, where a method occurs more than once, the parameters that are not the same in all its runs.
func columnNames(runs []*lab.Result) []string {
	var out []string
	for _, r := range runs {
		name := r.Spec.Method
		for _, k := range slices.Sorted(maps.Keys(r.Spec.Set)) {
			if slices.ContainsFunc(runs, func(o *lab.Result) bool { return o.Spec.Method == r.Spec.Method && o.Spec.Set[k] != r.Spec.Set[k] }) {
				name += fmt.Sprintf(", %s %v", k, r.Spec.Set[k])
			}
		}
		out = append(out, name)
	}
	return out
}

// restorations are rows of pictures of restorers that saw the same ones; nil if the runs were not measured.
func restorations(n int, runs []*lab.Result, names []string) (plots.Figure, error) {
	var rows []plots.Restoration
	for c, r := range runs {
		m, ok := r.Metrics["psnr"]
		if !ok {
			return nil, nil
		}
		run, err := record.Open(r.Dir)
		if err != nil {
			return nil, err
		}
		for i, name := range m.Names[:min(len(m.Names), n)] {
			if i == len(rows) {
				truth, err := run.Picture(name, "truth")
				if err != nil {
					return nil, err
				}
				degraded, err := run.Picture(name, "degraded")
				if err != nil {
					return nil, err
				}
				rows = append(rows, plots.Restoration{Name: name, Truth: truth, Degraded: degraded})
			}
			restored, err := run.Picture(name, "restored")
			if err != nil {
				return nil, err
			}
			rows[i].Restored = append(rows[i].Restored, plots.Restored{Method: names[c], Image: restored, Measure: fmt.Sprintf("%.2f dB", m.Values[i])})
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return plots.Restorations(rows), nil
}

// sideBySide are columns of the pictures that translators or segmenters kept: the source, what each made of it, and the truth if there is one.
func sideBySide(n int, runs []*lab.Result, names []string, source, made, truth string) (plots.Figure, error) {
	columns, last := []plots.Column{{Head: source}}, plots.Column{Head: truth}
	for c, r := range runs {
		run, err := record.Open(r.Dir)
		if err != nil {
			return nil, err
		}
		column := plots.Column{Head: names[c]}
		pictures, err := run.Pictures(made)
		if err != nil {
			return nil, err
		}
		for _, name := range pictures[:min(len(pictures), n)] {
			parts := map[string]*plots.Column{made: &column}
			if c == 0 {
				parts["source"], parts["truth"] = &columns[0], &last
			}
			for kind, column := range parts {
				im, err := run.Picture(name, kind)
				if errors.Is(err, os.ErrNotExist) && kind == "truth" {
					continue
				}
				if err != nil {
					return nil, err
				}
				column.Images = append(column.Images, im)
			}
		}
		columns = append(columns, column)
	}
	if len(last.Images) > 0 {
		columns = append(columns, last)
	}
	return plots.SideBySide(columns), nil
}
