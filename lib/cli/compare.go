package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"darkroom/experiments"
	"darkroom/kernel"
	"darkroom/lib/engine"
	"darkroom/lib/lab"
	"darkroom/lib/report"
	"darkroom/plots"

	"github.com/spf13/cobra"
)

var formats = map[string]func(t *report.Table) string{
	"md":   (*report.Table).Markdown,
	"tex":  (*report.Table).LaTeX,
	"csv":  (*report.Table).CSV,
	"html": (*report.Table).Page,
	"json": func(t *report.Table) string { return string(t.JSON()) },
}

func (a *app) compareCommand() *cobra.Command {
	var seeds int
	var quick, record bool
	var format, inception string
	cmd := &cobra.Command{
		Use:   "compare NAME",
		Short: "Carry out a comparison's missing runs and print its table",
		Example: `  darkroom compare vae-mnist --seeds 3
  darkroom compare denoise-naturals --quick --format html > table.html
  darkroom compare denoise-naturals --record`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := experiments.Lookup(args[0])
			if err != nil {
				return engine.UsageError{Err: err}
			}
			write, ok := formats[format]
			if !ok {
				return engine.UsageError{Err: fmt.Errorf("--format %q%s; use md, tex, csv, html or json", format, lab.Suggest(format, sorted(formats)))}
			}
			if cmd.Flags().Changed("seeds") && seeds < 1 {
				return engine.UsageError{Err: fmt.Errorf("--seeds %d: a comparison has at least 1 seed", seeds)}
			}
			if quick && record {
				return engine.UsageError{Err: errors.New("--quick and --record do not go together: a record keeps the full budgets")}
			}
			if inception != "" {
				if c.Full.Eval.Samples == 0 {
					return engine.UsageError{Err: fmt.Errorf("--inception: %s measures no samples; leave it out", c.Name)}
				}
				c.Full.Eval.Inception, c.Quick.Eval.Inception = inception, inception
			}
			e := a.engine()
			d := &drawing{Engine: e, app: a}
			table, err := a.compare(cmd.Context(), d, c, seeds, quick, nil)
			if table != nil {
				if _, werr := fmt.Fprint(a.out, strings.TrimRight(write(table), "\n")+"\n"); werr != nil {
					return werr
				}
			}
			if err != nil {
				return err
			}
			if record {
				return a.record(c, table, d, cmd, args)
			}
			return nil
		},
	}
	a.addRuns(cmd)
	cmd.Flags().IntVar(&seeds, "seeds", 0, "seeds of each trained method (default: the comparison's)")
	cmd.Flags().BoolVar(&quick, "quick", false, "small budgets, to see that everything works")
	cmd.Flags().StringVar(&inception, "inception", "", inceptionHelp)
	cmd.Flags().StringVar(&format, "format", "md", "md, tex, csv, html or json")
	cmd.Flags().BoolVar(&record, "record", false, "keep table and figures under experiments/results/NAME/")
	return cmd
}

// compare carries out a comparison with progress; extra, if not nil, sees each event too.
func (a *app) compare(ctx context.Context, d *drawing, c experiments.Comparison, seeds int, quick bool, extra func(lab.Spec, lab.Event)) (*report.Table, error) {
	var p *progress
	now := ""
	table, err := experiments.Run(ctx, d, c, experiments.Options{
		Seeds: seeds, Quick: quick, Runs: a.runs, Commit: commit(),
		Watch: func(s lab.Spec, ev lab.Event) {
			if title := fmt.Sprintf("%s, seed %d", s.Method, s.Seed); title != now {
				if p != nil {
					p.done()
				}
				p, now = a.progress(title), title
			}
			p.watch(ev)
			if extra != nil {
				extra(s, ev)
			}
		},
	})
	if p != nil {
		p.done()
	}
	return table, err
}

// drawing is a lab that draws the figures of the runs that it carries out, and remembers them.
type drawing struct {
	*engine.Engine
	app   *app
	asked []lab.Spec // as the comparison lists them
	done  []*lab.Result
}

// Run implements lab.Lab.
func (d *drawing) Run(ctx context.Context, s lab.Spec, watch func(lab.Event)) (*lab.Result, error) {
	r, err := d.Engine.Run(ctx, s, watch)
	if err != nil {
		return nil, err
	}
	d.asked, d.done = append(d.asked, s), append(d.done, r)
	if !r.Cached {
		if err := drawRun(ctx, d.Engine, r); err != nil {
			d.app.say("the pictures could not be drawn: " + err.Error())
		}
	}
	return r, nil
}

// of is the first result of a row; nil if it has none.
func (d *drawing) of(task string, e experiments.Entry) *lab.Result {
	for i, s := range d.asked {
		if s.Task == task && s.Method == e.Method && maps.Equal(s.Set, e.Set) && (s.From != "") == (e.From != nil) {
			return d.done[i]
		}
	}
	return nil
}

// fileName is a row's name as part of a file's.
func fileName(row string) string {
	return strings.Join(strings.FieldsFunc(row, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '.' }), "-")
}

// figures are pictures of what the rows' methods made, each with its first seed: restored pictures side by side, or samples.
func (d *drawing) figures(ctx context.Context, c experiments.Comparison) ([]experiments.Figure, error) {
	var out []experiments.Figure
	var results []*lab.Result
	var names []string
	for _, e := range c.Entries {
		r := d.of(c.Task, e)
		if r == nil {
			continue
		}
		if e.Method != "identity" { // that is the degraded picture itself, or the one to translate
			results, names = append(results, r), append(names, e.Row())
		}
		if strings.HasPrefix(r.Spec.Task, string(lab.Generate)) {
			images, err := d.Sample(ctx, r.Dir, lab.Draw{N: 64})
			if err != nil {
				return nil, err
			}
			out = append(out, experiments.Figure{Name: "samples-" + fileName(e.Row()), Figure: plots.Grid(images, 8)})
		}
	}
	f, err := experiments.Pictures(most(c.Task), results, names)
	if f != nil {
		out = append(out, experiments.Figure{Name: experiments.PicturesName(c.Task), Figure: f})
	}
	return out, err
}

func (a *app) record(c experiments.Comparison, t *report.Table, d *drawing, cmd *cobra.Command, args []string) error {
	repo, err := kernel.FindRepo()
	if err != nil {
		return err
	}
	about := experiments.About{
		Command: "darkroom compare " + strings.Join(append(args, flagsGiven(cmd)...), " "),
		Machine: experiments.ThisMachine(), Versions: experiments.Versions(),
	}
	for k, v := range d.Environment() {
		if slices.Contains([]string{"plugin", "plugin-sha256", "kernels", "threads"}, k) {
			about.Versions[k] = v
		}
	}
	pictures, err := d.figures(cmd.Context(), c)
	if err != nil {
		return err
	}
	dir, err := experiments.Record(filepath.Join(repo, "experiments", "results"), t, about, append(c.Figures(t), pictures...)...)
	if err != nil {
		return err
	}
	a.say("recorded in " + dir)
	return nil
}

// commit is that of the sources that darkroom runs from, with a plus sign if they were changed since.
func commit() string {
	repo, err := kernel.FindRepo()
	if err != nil {
		return ""
	}
	out, err := exec.Command("git", "-C", repo, "rev-parse", "HEAD").Output()
	if err != nil {
		return ""
	}
	head := strings.TrimSpace(string(out))
	if dirty, err := exec.Command("git", "-C", repo, "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(dirty) > 0 {
		head += "+"
	}
	return head
}
