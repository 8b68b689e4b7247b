package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"darkroom/lib/data"
	"darkroom/lib/engine"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"
	"darkroom/lib/record"
	"darkroom/lib/report"

	"github.com/spf13/cobra"
)

// tightMemory is how much garbage may lie around beside what is in use, in %: pictures are large, and few things are made.
const tightMemory = 20

// quickShare is the part of a method's steps that --train trains.
const quickShare = 10

// restoring is the command restore.
type restoring struct {
	*app
	task, run, out, truth, mask string
	tile                        int
	train                       bool
	set                         []string
}

func (a *app) restoreCommand() *cobra.Command {
	r := &restoring{app: a}
	cmd := &cobra.Command{
		Use:   "restore METHOD IMAGE|FOLDER",
		Short: "Restore pictures of your own",
		Long: `Restores one picture or those of a folder, of any size, grey or in colour, 8 or 16 bit, and writes them as PNG with their size, depth
and colour profile, upright, and a page index.html on which each is seen before and after. --task says what was done to the pictures;
channels are restored each by itself. Large pictures are restored by tiles; those of a method that looks only so far show no seams.

A method that learns takes the longest run in the runs folder that learnt this task, or --run; --train trains a tenth of its steps on
the naturals if there is none. Of inpainting, each picture needs its mask, white where it was seen: NAME-mask.png beside it, or --mask.
Where the truth is known, NAME-truth.png or --truth, the measures are printed.`,
		Example: `  darkroom restore nlm holiday.jpg --task denoise25 --out restored
  darkroom restore dncnn scans --task denoise25 --train --out restored
  darkroom restore tv measured --task inpaint50 --truth originals --out restored`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return r.do(cmd, args[0], args[1]) },
	}
	cmd.Flags().StringVar(&r.task, "task", "", "what was done to the pictures, such as denoise25 (darkroom list tasks)")
	cmd.Flags().StringVar(&r.out, "out", "restored", "folder to write to")
	cmd.Flags().StringVar(&r.run, "run", "", "run directory or hash of what the method learnt")
	cmd.Flags().BoolVar(&r.train, "train", false, "train for a short time if there is no run")
	cmd.Flags().IntVar(&r.tile, "tile", 0, "side of the tiles in pixels (default: chosen by the method's reach)")
	cmd.Flags().StringVar(&r.truth, "truth", "", "the true picture, or a folder of them with the same names")
	cmd.Flags().StringVar(&r.mask, "mask", "", "the mask, or a folder of them with the same names")
	cmd.Flags().StringArrayVar(&r.set, "set", nil, "a parameter of the method, as key=value; may be given several times")
	a.addRuns(cmd)
	return cmd
}

func misuse(format string, args ...any) error {
	return engine.UsageError{Err: fmt.Errorf(format, args...)}
}

// operatorOf is the degradation in "denoise25" or "restore:denoise25:naturals".
func operatorOf(task string) (string, error) {
	if task == "" {
		return "", misuse("--task is missing: say what was done to the pictures, such as --task denoise25")
	}
	if strings.Contains(task, ":") {
		t, err := lab.ParseTask(task)
		if err != nil {
			return "", engine.UsageError{Err: err}
		}
		if t.Kind != lab.Restore {
			return "", misuse("--task %s is not to restore; write a degradation, such as denoise25", task)
		}
		task = t.Operator
	}
	_, err := physics.Parse(task)
	if err != nil {
		return "", engine.UsageError{Err: err}
	}
	return task, nil
}

func (r *restoring) do(cmd *cobra.Command, method, at string) error {
	ctx := cmd.Context()
	defer debug.SetGCPercent(debug.SetGCPercent(tightMemory))
	operator, err := operatorOf(r.task)
	if err != nil {
		return err
	}
	set, err := parameters(r.set)
	if err != nil {
		return err
	}
	files, err := data.PhotoFiles(ctx, at, maskEnding, truthEnding)
	if err != nil {
		return engine.UsageError{Err: err}
	}
	e := r.engine()
	run, err := r.learnt(ctx, e, method, operator, set)
	if err != nil {
		return err
	}
	if run != nil && run.Spec.Method == method {
		set = nil
	}
	restorer, err := e.Restorer(ctx, method, operator, set, run)
	if err != nil {
		return err
	}
	defer restorer.Close()
	var slides []report.Slide
	var failed []error
	for i, f := range files {
		r.say(fmt.Sprintf("%s (%d of %d)", f.Name, i+1, len(files)))
		slide, err := r.one(ctx, restorer, f)
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		slides = append(slides, slide)
	}
	if len(slides) > 0 {
		page := filepath.Join(r.out, "index.html")
		about := fmt.Sprintf("%s, restored by %s with darkroom %s. Move over a picture to compare.", restorer.Describe(), method, Version())
		if err := os.WriteFile(page, []byte(report.Sliders("Restored by "+method, about, slides)), 0o644); err != nil { //nolint:gosec // for others, too
			return err
		}
		if _, err := fmt.Fprintln(r.app.out, page); err != nil {
			return err
		}
	}
	return several(failed, len(files), "restored")
}

// several is one error for all the pictures that failed.
func several(failed []error, all int, done string) error {
	if len(failed) == 0 {
		return nil
	}
	var misused engine.UsageError
	if all == 1 || errors.As(failed[0], &misused) {
		return failed[0]
	}
	return fmt.Errorf("%d of %d pictures were not %s:\n%w", len(failed), all, done, errors.Join(failed...))
}

// named is an error that names the picture, if it does not yet.
func named(f data.PhotoFile, err error) error {
	if strings.HasPrefix(err.Error(), f.Path) {
		return err
	}
	return fmt.Errorf("%s: %w", f.Path, err)
}

// parameters reads key=value.
func parameters(list []string) (lab.Set, error) {
	set := lab.Set{}
	for _, kv := range list {
		key, value, ok := strings.Cut(kv, "=")
		if !ok || key == "" {
			return nil, misuse("--set %q: write key=value, such as --set window=7", kv)
		}
		if _, twice := set[key]; twice {
			return nil, misuse("--set %s is given twice", key)
		}
		set[key] = value
	}
	return set, nil
}

// learnt is the run that the method takes, nil if it learns nothing.
func (r *restoring) learnt(ctx context.Context, e *engine.Engine, method, operator string, set lab.Set) (*record.Run, error) {
	needs, err := engine.NeedsRun(method)
	if err != nil {
		return nil, err
	}
	switch {
	case !needs && r.run != "" && engine.Borrows(method, set):
		return record.Find(r.runs, r.run)
	case !needs && r.run != "":
		return nil, misuse("%s learns nothing; leave --run out", method)
	case !needs && r.train:
		return nil, misuse("%s learns nothing; leave --train out", method)
	case !needs:
		return nil, nil
	case r.run != "":
		if len(set) > 0 {
			return nil, misuse("--set and --run do not go together: the run has its own parameters")
		}
		return record.Find(r.runs, r.run)
	}
	dir := cmp.Or(r.runs, record.DefaultRuns())
	all, err := record.List(dir)
	if err != nil {
		return nil, err
	}
	var best *record.Run
	for _, run := range all {
		t, err := lab.ParseTask(run.Spec.Task)
		if err == nil && run.Trained() && run.Spec.Method == method && t.Operator == operator && (best == nil || run.Spec.Steps > best.Spec.Steps) {
			best = run
		}
	}
	if best != nil && len(set) == 0 {
		r.say(fmt.Sprintf("%s takes what it learnt in %s, %d steps on %s", method, best.Dir, best.Spec.Steps, best.Spec.Task))
		return best, nil
	}
	task := "restore:" + operator + ":naturals"
	if !r.train {
		if best != nil {
			return nil, misuse("--set goes with --train: what %s learnt in %s has its own parameters", method, best.Dir)
		}
		return nil, misuse("%s has not learnt %s yet (in %s); train it by `darkroom run %s %s`, or for a short time by --train", method, operator, dir, method, task)
	}
	entry, err := methods.Lookup(method)
	if err != nil {
		return nil, engine.UsageError{Err: err}
	}
	p := r.progress(method + " on " + task)
	result, err := e.Run(ctx, lab.Spec{Method: method, Task: task, Steps: entry.Steps / quickShare, Set: set, Runs: r.runs}, p.watch)
	p.done()
	if err != nil {
		return nil, err
	}
	return record.Open(result.Dir)
}

// one restores one picture and writes it.
func (r *restoring) one(ctx context.Context, restorer *engine.Restorer, f data.PhotoFile) (slide report.Slide, err error) {
	fail := func(err error) (report.Slide, error) { return slide, named(f, err) }
	photo, err := data.ReadPhoto(f.Path)
	if err != nil {
		return fail(err)
	}
	for _, n := range photo.Notes {
		r.say(f.Name + ": " + n)
	}
	var mask lab.Image
	if path, err := beside(f, r.mask, maskEnding, restorer.NeedsMask()); err != nil {
		return fail(err)
	} else if path != "" {
		m, err := data.ReadPhoto(path)
		if err != nil {
			return fail(err)
		}
		mask = blackWhite(m.Image)
	}
	begin := time.Now()
	x, err := restorer.Restore(ctx, photo.Image, mask, r.tile, r.tiles(f.Name))
	if err != nil {
		return fail(err)
	}
	seconds := time.Since(begin).Seconds()
	file, err := writePhoto(r.out, f.Name, f.Path, with(photo, x))
	if err != nil {
		return fail(err)
	}
	start, err := restorer.Start(photo.Image, mask)
	if err != nil {
		return fail(err)
	}
	line := fmt.Sprintf("%s  %d×%d, %.2f s", file, x.Width, x.Height, seconds)
	slide = report.Slide{Name: f.Name, Width: x.Width, Before: encoded(start), After: encoded(x)}
	if path, err := beside(f, r.truth, truthEnding, true); err != nil {
		return fail(err)
	} else if path != "" {
		truth, err := data.ReadPhoto(path)
		if err != nil {
			return fail(err)
		}
		before, err := measured(truth.Image, start)
		if err != nil {
			return fail(fmt.Errorf("%s: %w", path, err))
		}
		after, err := measured(truth.Image, x)
		if err != nil {
			return fail(fmt.Errorf("%s: %w", path, err))
		}
		slide.Measures, slide.Truth = after+" (before: "+before+")", encoded(truth.Image)
		line += ", " + slide.Measures
	}
	_, err = fmt.Fprintln(r.app.out, line)
	return slide, err
}

// tiles shows how many tiles are done.
func (r *restoring) tiles(name string) func(done, total int) {
	p := r.progress(name)
	return func(done, total int) {
		p.watch(lab.Event{Stage: "restore", Note: fmt.Sprintf("tile %d of %d", done, total)})
		if done == total {
			p.done()
		}
	}
}
