package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"darkroom/lib/lab"
	"darkroom/lib/record"
	"darkroom/plots"
)

// drawRun writes a run's figures into its directory: its curves, samples of a generator, rows of a restorer.
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
		images, err := l.Sample(ctx, r.Dir, 64, 0)
		if err == nil {
			err = plots.Save(filepath.Join(r.Dir, "samples.png"), plots.Grid(images, 8))
		}
		failed = append(failed, err)
	}
	if f, err := restorations(run, r); err != nil {
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

// restorations is the figure of a restorer's test pictures, or nil.
func restorations(run *record.Run, r *lab.Result) (plots.Figure, error) {
	m, ok := r.Metrics["psnr"]
	if !ok {
		return nil, nil
	}
	var rows []plots.Restoration
	for i, name := range m.Names[:min(len(m.Names), 6)] {
		images := map[string]lab.Image{}
		for _, kind := range []string{"truth", "degraded", "restored"} {
			im, err := run.Picture(name, kind)
			if err != nil {
				return nil, err
			}
			images[kind] = im
		}
		rows = append(rows, plots.Restoration{
			Name: name, Truth: images["truth"], Degraded: images["degraded"],
			Restored: []plots.Restored{{Method: r.Spec.Method, Image: images["restored"], Measure: fmt.Sprintf("%.2f dB", m.Values[i])}},
		})
	}
	return plots.Restorations(rows), nil
}

func sorted[V any](m map[string]V) []string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
