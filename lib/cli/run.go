package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"darkroom/lib/engine"
	"darkroom/lib/lab"

	"github.com/spf13/cobra"
)

// specFlags are the flags of commands that carry out a spec.
type specFlags struct {
	seed  string
	steps int
	set   []string
	from  string
	eval  lab.Eval
}

func (f *specFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.seed, "seed", "0", "seed of all randomness, a whole number")
	cmd.Flags().IntVar(&f.steps, "steps", 0, "training steps (default: the method's)")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "a parameter of the method, as key=value; may be given several times")
	cmd.Flags().StringVar(&f.from, "run", "", "a finished run whose weights are taken in place of a training, or as the prior of a method that has none of its own")
	cmd.Flags().IntVar(&f.eval.Images, "images", 0, "measure on so many test images (default: all)")
	cmd.Flags().IntVar(&f.eval.Annealing, "annealing", 0, "steps of annealed importance sampling of log p(x), by the decoder alone; 1000 are good, with --images 100 (default: it is left out)")
	cmd.Flags().IntVar(&f.eval.Importance, "importance", 0, "importance samples per image of log p(x) (default: 50)")
	cmd.Flags().IntVar(&f.eval.Samples, "samples", 0, "generated images that FID and its like are measured on (default: 1000 where there is no likelihood)")
	cmd.Flags().StringVar(&f.eval.Inception, "inception", "", inceptionHelp)
}

func (f *specFlags) spec(cmd *cobra.Command, method, task string) (lab.Spec, error) {
	misuse := func(format string, args ...any) (lab.Spec, error) {
		return lab.Spec{}, engine.UsageError{Err: fmt.Errorf(format, args...)}
	}
	s := lab.Spec{Method: method, Task: task, Steps: f.steps, From: f.from, Eval: f.eval, Set: lab.Set{}}
	if cmd.Flags().Changed("steps") && f.steps < 1 {
		return misuse("--steps %d: a training has at least 1 step", f.steps)
	}
	if _, err := fmt.Sscanf(f.seed, "%d", &s.Seed); err != nil || fmt.Sprint(s.Seed) != strings.TrimPrefix(f.seed, "+") {
		return misuse("--seed %q is no whole number (of 64 bits), such as 0 or 42", f.seed)
	}
	for _, kv := range f.set {
		key, value, ok := strings.Cut(kv, "=")
		if !ok || key == "" {
			return misuse("--set %q: write key=value, such as --set latent=32", kv)
		}
		if _, twice := s.Set[key]; twice {
			return misuse("--set %s is given twice", key)
		}
		s.Set[key] = value
	}
	return s, nil
}

const inceptionHelp = "look at samples with Inception-V3, as the FID of papers does: a safetensors file of its weights (see the README)"

func (a *app) addRuns(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.runs, "runs", "", "folder of run directories (default: $DARKROOM_RUNS, or runs in darkroom's data folder)")
}

func (a *app) runCommand() *cobra.Command {
	var flags specFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "run METHOD TASK",
		Short: "Carry out one run: train, measure, draw",
		Long: `Carries out one run, goes on with it if it was cut short, or returns at once if it is complete.
A task is written generate:mnist, restore:denoise25:naturals or generate:folder:/some/pictures@32.

A checkpoint is written every 20 s, or as often as DARKROOM_CHECKPOINT says (such as 5s or 2m).`,
		Example: `  darkroom run vae generate:mnist --steps 2000
  darkroom run dncnn restore:denoise25:naturals --set depth=10 --seed 1
  darkroom run vdsr restore:superres3:naturals --run vdsr-restore-superres2-naturals-c0ffee123456
  darkroom run fista restore:inpaint50:folder:/my/pictures --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := flags.spec(cmd, args[0], args[1])
			if err != nil {
				return err
			}
			s.Runs = a.runs
			p := a.progress(args[0] + " on " + args[1])
			e := a.engine()
			r, err := e.Run(cmd.Context(), s, p.watch)
			p.done()
			if err != nil {
				return err
			}
			if !r.Cached {
				if err := drawRun(cmd.Context(), e, r); err != nil {
					a.say("the pictures could not be drawn: " + err.Error())
				}
			}
			a.sayHealth(r.Health)
			if asJSON {
				return json.NewEncoder(a.out).Encode(runJSON(r))
			}
			return a.printResult(r)
		},
	}
	flags.add(cmd)
	a.addRuns(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON on stdout")
	cmd.Flags().BoolVar(&a.strict, "strict", false, "refuse a folder with a bad picture rather than skip it")
	cmd.Flags().BoolVar(&a.force, "force", false, "go on with a run that began on another machine or with other kernels")
	return cmd
}

// sayHealth says what is wrong with a training.
func (a *app) sayHealth(verdicts []lab.Verdict) {
	for _, v := range verdicts {
		a.say("health: " + v.Line)
	}
}

// runJSON is the form that --json prints; values per image stay in the run directory.
func runJSON(r *lab.Result) any {
	type measured struct {
		Value    float64 `json:"value"`
		Unit     string  `json:"unit"`
		Protocol string  `json:"protocol"`

		Low  *float64 `json:"low,omitempty"`
		High *float64 `json:"high,omitempty"`
	}
	metrics := map[string]measured{}
	for n, m := range r.Metrics {
		metrics[n] = measured{m.Value, m.Unit, m.Protocol, m.Low, m.High}
	}
	return struct {
		Run     string              `json:"run"`
		Hash    string              `json:"hash"`
		Metrics map[string]measured `json:"metrics"`
		Health  []lab.Verdict       `json:"health,omitempty"`
		Resumed bool                `json:"resumed"`
		Cached  bool                `json:"cached"`
	}{r.Dir, r.Hash, metrics, r.Health, r.Resumed, r.Cached}
}

// intervalText is the interval of a measure of a whole set, or empty.
func intervalText(m lab.Metric) string {
	if m.Low == nil || m.High == nil {
		return ""
	}
	return fmt.Sprintf("95 %% interval %.4f to %.4f; ", *m.Low, *m.High)
}

func (a *app) printResult(r *lab.Result) error {
	var b strings.Builder
	for _, n := range sorted(r.Metrics) {
		m := r.Metrics[n]
		fmt.Fprintf(&b, "%-16s %10.4f %-6s %s%s\n", n, m.Value, m.Unit, intervalText(m), m.Protocol)
	}
	how := ""
	switch {
	case r.Cached:
		how = " (it was complete already)"
	case r.Resumed:
		how = " (it went on from a checkpoint)"
	}
	fmt.Fprintf(&b, "run %s%s\n", r.Dir, how)
	_, err := fmt.Fprint(a.out, b.String())
	return err
}
