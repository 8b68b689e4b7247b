package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"darkroom/lib/lab"
	"darkroom/lib/record"
	"darkroom/plots"
)

// drawRun writes a run's figures into its directory: its curves, samples of a generator, rows of a restorer or a translator.
func drawRun(ctx context.Context, l lab.Lab, r *lab.Result) error {
	run, err := record.Open(r.Dir)
	if err != nil {
		return err
	}
	var failed []error
	if err := drawCurves(run, "curves.svg", "curves.png"); err != nil {
		failed = append(failed, err)
	}
	if strings.HasPrefix(r.Spec.Task, string(lab.Generate)) {
		images, err := l.Sample(ctx, r.Dir, lab.Draw{N: 64})
		if err == nil {
			err = plots.Save(filepath.Join(r.Dir, "samples.png"), plots.Grid(images, 8))
		}
		failed = append(failed, err)
		if f := nearest(run); f != nil {
			failed = append(failed, plots.Save(filepath.Join(r.Dir, "nearest.png"), f))
		}
	}
	if f, err := translations(r); err != nil {
		failed = append(failed, err)
	} else if f != nil {
		failed = append(failed, plots.Save(filepath.Join(r.Dir, "translations.png"), f))
	}
	if f, err := restorations(r); err != nil {
		failed = append(failed, err)
	} else if f != nil {
		failed = append(failed, plots.Save(filepath.Join(r.Dir, "restorations.png"), f))
	}
	return errors.Join(failed...)
}

// drawCurves writes the curves of a run that has any.
func drawCurves(run *record.Run, names ...string) error {
	events, err := run.Events()
	if err != nil && len(events) == 0 {
		return err
	}
	curves := lab.CurvesOf(events)
	if len(curves) == 0 {
		return nil
	}
	f := plots.Lines(curves, plots.Title(run.Spec.Method+" on "+run.Spec.Task), plots.XLabel("step"))
	var failed []error
	for _, n := range names {
		failed = append(failed, plots.Save(filepath.Join(run.Dir, n), f))
	}
	return errors.Join(failed...)
}

// drawSome draws the curves of those names, that a verdict comes from.
func drawSome(run *record.Run, curves []string, title, name string) error {
	events, err := run.Events()
	if err != nil {
		return err
	}
	f := plots.Lines(lab.CurvesOf(events).Select(curves...), plots.Title(title+" of "+run.Spec.Method), plots.XLabel("step"))
	return plots.Save(filepath.Join(run.Dir, name), f)
}

// nearest is the figure of the samples that are nearest to training images, in the first row, and these, in the second; nil if none were kept.
func nearest(run *record.Run) plots.Figure {
	var rows [2][]lab.Image
	for i := 1; ; i++ {
		for k, kind := range []string{"sample", "training"} {
			im, err := run.Picture(fmt.Sprintf("nearest-%d", i), kind)
			if err != nil {
				if len(rows[1]) == 0 {
					return nil
				}
				return plots.Grid(append(rows[0][:len(rows[1])], rows[1]...), len(rows[1]))
			}
			rows[k] = append(rows[k], im)
		}
	}
}

// restorations is the figure of the first test pictures of restorers that saw the same ones, or nil if the runs are none.
func restorations(results ...*lab.Result) (plots.Figure, error) {
	var rows []plots.Restoration
	for _, r := range results {
		m, ok := r.Metrics["psnr"]
		if !ok {
			return nil, nil
		}
		run, err := record.Open(r.Dir)
		if err != nil {
			return nil, err
		}
		for i, name := range m.Names[:min(len(m.Names), 6)] {
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
			rows[i].Restored = append(rows[i].Restored, plots.Restored{
				Method: r.Spec.Method, Image: restored, Measure: fmt.Sprintf("%.2f dB", m.Values[i]),
			})
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return plots.Restorations(rows), nil
}

// translations is the figure of the pictures that translators of one task kept: domain A, what each made of it, and the true partner in domain B
// if there is one; or that of segmenters; nil if the runs are neither.
func translations(results ...*lab.Result) (plots.Figure, error) {
	if len(results) == 0 {
		return nil, nil
	}
	kind, _, _ := strings.Cut(results[0].Spec.Task, ":")
	made, source, partner := "translated", "A", "true B"
	switch lab.Kind(kind) {
	case lab.Translate:
	case lab.Segment:
		made, source, partner = "segmented", "picture", "truth"
	default:
		return nil, nil
	}
	columns := []plots.Column{{Head: source}}
	truth := plots.Column{Head: partner}
	for _, r := range results {
		run, err := record.Open(r.Dir)
		if err != nil {
			return nil, err
		}
		column := plots.Column{Head: r.Spec.Method}
		names, err := run.Pictures(made)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			parts := map[string]*plots.Column{made: &column}
			if len(columns) == 1 {
				parts["source"], parts["truth"] = &columns[0], &truth
			}
			for kind, c := range parts {
				im, err := run.Picture(name, kind)
				if errors.Is(err, os.ErrNotExist) && kind == "truth" {
					continue
				}
				if err != nil {
					return nil, err
				}
				c.Images = append(c.Images, im)
			}
		}
		columns = append(columns, column)
	}
	if len(truth.Images) > 0 {
		columns = append(columns, truth)
	}
	return plots.SideBySide(columns), nil
}

func sorted[V any](m map[string]V) []string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
