package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"darkroom/experiments"
	"darkroom/lib/lab"
	"darkroom/lib/record"
	"darkroom/plots"
)

// most is how many pictures a task's figure shows: few restored ones, which are large, and all the others that a run keeps.
func most(task string) int {
	if strings.HasPrefix(task, string(lab.Restore)) {
		return 6
	}
	return 64
}

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
	f, err := experiments.Pictures(most(r.Spec.Task), []*lab.Result{r}, nil)
	if f != nil {
		err = plots.Save(filepath.Join(r.Dir, experiments.PicturesName(r.Spec.Task)+".png"), f)
	}
	failed = append(failed, err)
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

func sorted[V any](m map[string]V) []string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
