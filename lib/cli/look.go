package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"darkroom/experiments"
	"darkroom/lib/data"
	"darkroom/lib/engine"
	"darkroom/lib/health"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"
	"darkroom/lib/record"
	"darkroom/plots"

	"github.com/spf13/cobra"
)

// lists is what there are lists of; runs are listed only when they are asked for.
var lists = []string{"methods", "tasks", "data", "comparisons", "runs"}

func (a *app) listCommand() *cobra.Command {
	var asJSON, verbose bool
	cmd := &cobra.Command{
		Use:       "list [methods|tasks|data|comparisons|runs]",
		Short:     "List what there is",
		Example:   "  darkroom list methods -v\n  darkroom list data --json",
		ValidArgs: lists, Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			show := lists[:4]
			if len(args) == 1 {
				show = args
			}
			for _, kind := range show {
				rows, value, err := a.list(kind, verbose)
				if err != nil {
					return err
				}
				if asJSON {
					if err := json.NewEncoder(a.out).Encode(value); err != nil {
						return err
					}
					continue
				}
				if len(show) > 1 {
					_, _ = fmt.Fprintf(a.out, "%s\n", kind)
				}
				w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
				for _, r := range rows {
					_, _ = fmt.Fprintln(w, r)
				}
				if err := w.Flush(); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "parameters of methods, licences and citations of data")
	a.addRuns(cmd)
	return cmd
}

// list returns the rows of one kind for people, and its value for programs.
func (a *app) list(kind string, verbose bool) (rows []string, value any, err error) {
	add := func(format string, args ...any) { rows = append(rows, fmt.Sprintf(format, args...)) }
	switch kind {
	case "methods":
		var cards []lab.MethodCard
		for _, e := range methods.Catalogue() {
			c := e.Card()
			cards = append(cards, c)
			add("  %s\t%s\t%s", c.Name, strings.Join(c.Tasks, ", "), c.Paper)
			if verbose {
				for _, p := range c.Parameters {
					add("    %s = %v\t%s\t%s", p.Name, p.Default, strings.TrimSpace(p.Type+" "+p.Range), p.Help)
				}
			}
		}
		return rows, cards, nil
	case "tasks":
		var tasks []string
		for _, info := range data.Catalogue() {
			for _, k := range info.Kinds {
				t := lab.Task{Kind: k, Data: info.Name}
				if k != lab.Restore {
					tasks = append(tasks, t.String())
					continue
				}
				for _, op := range physics.Catalogue() {
					t.Operator = op
					tasks = append(tasks, t.String())
				}
			}
		}
		for _, t := range append(tasks, "generate:folder:/some/pictures@32", "restore:denoise25:folder:/some/pictures", "translate:folder:/some/pictures@64") {
			add("  %s", t)
		}
		return rows, tasks, nil
	case "data":
		infos := data.Catalogue()
		for _, d := range infos {
			add("  %s\t%s", d.Name, d.Title)
			if verbose {
				add("    address\t%s", d.Address)
				add("    mirrors\t%s", strings.Join(d.Mirrors, "; "))
				add("    licence\t%s", d.Licence)
				add("    citation\t%s", d.Citation)
				for _, f := range d.Files {
					add("    file\t%s SHA-256 %s", filepath.Base(f.Name), f.SHA256)
				}
			}
		}
		return rows, infos, nil
	case "comparisons":
		var out []map[string]any
		for _, c := range experiments.Catalogue() {
			add("  %s\t%s\t%s", c.Name, c.Task, c.Title)
			out = append(out, map[string]any{"name": c.Name, "task": c.Task, "title": c.Title})
		}
		return rows, out, nil
	case "runs":
		dir := a.runs
		if dir == "" {
			dir = record.DefaultRuns()
		}
		runs, err := record.List(dir)
		out := []map[string]any{}
		for _, r := range runs {
			state := "begun"
			if r.Trained() {
				state = "finished"
			}
			add("  %.12s\t%s\t%s\tseed %d\t%d steps\t%s", r.Spec.Hash(), r.Spec.Method, r.Spec.Task, r.Spec.Seed, r.Spec.Steps, state)
			out = append(out, map[string]any{"run": r.Dir, "hash": r.Spec.Hash(), "spec": r.Spec, "finished": r.Trained()})
		}
		return rows, out, err
	}
	return nil, nil, engine.UsageError{Err: fmt.Errorf("there is no list of %q%s; there are %s", kind, lab.Suggest(kind, lists), strings.Join(lists, ", "))}
}

func (a *app) showCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show RUN|HASH",
		Short:   "Draw a run's curves and say what it is made of",
		Example: "  darkroom show 1f3a9c0d2b4e\n  darkroom show runs/vae-generate-mnist-1f3a9c0d2b4e --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := record.Find(a.runs, args[0])
			if err != nil {
				return err
			}
			events, everr := r.Events()
			if asJSON {
				return json.NewEncoder(a.out).Encode(map[string]any{
					"run": r.Dir, "hash": r.Spec.Hash(), "spec": r.Spec, "finished": r.Trained(), "metrics": r.AllMetrics(),
					"health": health.Check(health.RunOf(r.Spec, events, r.AllMetrics())), "curves": lab.CurvesOf(events), "inside_step": insideStep(r), "environment": r.Environments(),
				})
			}
			return errors.Join(a.show(r, events), everr)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.addRuns(cmd)
	return cmd
}

// insideStep is the share of the training time that was spent inside the compiled step, over all sessions; 0 if there was no training.
func insideStep(r *record.Run) float64 {
	last := map[int]record.Timing{}
	for _, t := range r.Timings() {
		last[t.Session] = t
	}
	inside, elapsed := 0.0, 0.0
	for _, t := range last {
		inside, elapsed = inside+t.Inside, elapsed+t.Elapsed
	}
	if elapsed == 0 {
		return 0
	}
	return inside / elapsed
}

func (a *app) show(r *record.Run, events []lab.Event) error {
	s := r.Spec
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(a.out, format, args...) }
	state := "finished"
	if !r.Trained() {
		state = "not finished; run the same spec to go on"
	}
	p("%s on %s, seed %d, %d steps: %s\n", s.Method, s.Task, s.Seed, s.Steps, state)
	p("hash %s\nrun  %s\n", s.Hash(), r.Dir)
	if e, err := methods.Lookup(s.Method); err == nil {
		p("paper %s\n", e.Paper)
	}
	p("parameters")
	for _, k := range sorted(s.Set) {
		p(" %s=%v", k, s.Set[k])
	}
	p("\n")
	if metrics := r.AllMetrics(); len(metrics) > 0 {
		p("\nmetrics\n")
		for _, n := range sorted(metrics) {
			m := metrics[n]
			p("  %-16s %.4f %s  (%s%s)\n", n, m.Value, m.Unit, intervalText(m), m.Protocol)
		}
	}
	if curves := lab.CurvesOf(events); len(curves) > 0 {
		p("\ncurves\n")
		for _, c := range curves {
			p("  %-24s %s %.4g\n", c.Name, plots.Spark(c.Y, 40), c.Y[len(c.Y)-1])
		}
		if err := drawCurves(r, "curves.svg", "curves.png"); err == nil {
			p("  drawn in %s\n", filepath.Join(r.Dir, "curves.svg"))
		}
	}
	verdicts := health.Check(health.RunOf(s, events, r.AllMetrics()))
	if len(verdicts) > 0 {
		p("\nhealth\n")
	}
	for _, v := range verdicts {
		p("  %s\n", v.Line)
		name := "health-" + strings.ReplaceAll(v.Name, " ", "-") + ".svg"
		if err := drawSome(r, v.Curves, v.Name, name); err == nil {
			p("    drawn in %s\n", filepath.Join(r.Dir, name))
		}
	}
	if share := insideStep(r); share > 0 {
		p("\ninside the compiled step: %.1f %% of the training time\n", 100*share)
	}
	for i, env := range r.Environments() {
		p("session %d:", i+1)
		for _, k := range sorted(env) {
			p(" %s=%q", k, env[k])
		}
		p("\n")
	}
	return nil
}

func (a *app) sampleCommand() *cobra.Command {
	var d lab.Draw
	var out, npy, folder string
	cmd := &cobra.Command{
		Use:   "sample RUN|HASH",
		Short: "Draw new images from a trained generator",
		Long: `Draws new images from a trained generator, and shows them side by side. For other evaluators they are written one by one too: as a NumPy
array of 8-bit values [n, height, width, channels], or as PNG files.`,
		Example: `  darkroom sample 1f3a9c0d2b4e --n 64 --out grid.png
  darkroom sample 1f3a9c0d2b4e --n 80 --walk spherical --row 10
  darkroom sample 1f3a9c0d2b4e --n 10000 --npy samples.npy`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := record.Find(a.runs, args[0])
			if err != nil {
				return err
			}
			images, err := a.engine().Sample(cmd.Context(), r.Dir, d)
			if err != nil {
				return err
			}
			if npy != "" || folder != "" {
				if err := export(images, npy, folder); err != nil {
					return err
				}
				if !cmd.Flags().Changed("out") {
					_, err = fmt.Fprintln(a.out, strings.TrimSpace(npy+" "+folder))
					return err
				}
			}
			columns := plots.Columns(d.N)
			if d.Walk != "" {
				columns = d.Row
			}
			if err := plots.Save(out, plots.Grid(images, columns)); err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, out)
			return err
		},
	}
	cmd.Flags().IntVar(&d.N, "n", 64, "how many images")
	cmd.Flags().Int64Var(&d.Seed, "seed", 0, "seed of the noise")
	cmd.Flags().StringVar(&d.Class, "class", "", "class of the images, such as 7, from a method that can choose (default: as often as in the data)")
	cmd.Flags().Float64Var(&d.Truncation, "truncation", 0, "draw noise again where it is larger, such as 0.7: images more like the usual ones, and more alike (default: noise as it comes)")
	cmd.Flags().StringVar(&out, "out", "grid.png", "file to write (.png, .svg or .pdf)")
	cmd.Flags().StringVar(&d.Walk, "walk", "", "linear or spherical: each row goes from one image to another")
	cmd.Flags().IntVar(&d.Row, "row", 8, "images in a row of a walk")
	cmd.Flags().StringVar(&npy, "npy", "", "write the images into this NumPy file, 8 bits a value, in place of a grid")
	cmd.Flags().StringVar(&folder, "folder", "", "write the images into this folder as PNG files, in place of a grid")
	a.addRuns(cmd)
	return cmd
}
