package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"darkroom/lib/bench"
	"darkroom/lib/engine"
	"darkroom/lib/engine/onednn"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/spf13/cobra"
)

// methodRow is what `bench methods` says of one method. Times are milliseconds a step, data and reading of losses included.
type methodRow struct {
	Method string  `json:"method"`
	Task   string  `json:"task"`
	XLA    float64 `json:"xla_ms,omitempty"` // convolutions by plain XLA
	Here   float64 `json:"ms"`               // as darkroom runs it
	Ratio  float64 `json:"ratio,omitempty"`
	Inside float64 `json:"inside"` // share of the wall time inside the compiled step
}

// benchTasks are the tasks on which methods are timed; each method takes the first that it can do.
var benchTasks = []string{
	"generate:mnist", "generate:emoji-google", "restore:denoise25:naturals", "restore:superres2:naturals", "translate:emoji", "segment:brain", "classify:mnist",
}

func (a *app) benchMethodsCommand() *cobra.Command {
	var asJSON, alone bool
	var rounds int
	var seconds float64
	cmd := &cobra.Command{
		Use:   "methods [METHOD...]",
		Short: "Time the training of each method, with plain XLA and as it is run here",
		Long: `Trains each method that trains by steps on real data, in turn with its convolutions by plain XLA and as darkroom runs it, and
says the time of a step before and after, and the share of the wall time that is spent inside the compiled step. The runs are thrown away.`,
		Example: "  darkroom bench methods dcgan dncnn\n  darkroom bench methods vae --seconds 60 --alone",
		RunE: func(cmd *cobra.Command, names []string) error {
			if rounds < 1 || !(seconds > 0) {
				return engine.UsageError{Err: fmt.Errorf("--rounds %d --seconds %g: both must be above 0", rounds, seconds)}
			}
			entries, err := trainedBySteps(names)
			if err != nil {
				return engine.UsageError{Err: err}
			}
			for _, entry := range entries {
				row, err := a.timeMethod(cmd, entry, rounds, time.Duration(seconds*float64(time.Second)), alone)
				if err != nil {
					return fmt.Errorf("%s: %w", entry.Name, err)
				}
				if asJSON {
					err = json.NewEncoder(a.out).Encode(row)
				} else {
					_, err = fmt.Fprintln(a.out, row)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&rounds, "rounds", 3, "alternations between the two")
	cmd.Flags().Float64Var(&seconds, "seconds", 3, "how long each is timed in an alternation")
	cmd.Flags().BoolVar(&alone, "alone", false, "leave plain XLA out")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON for each method")
	return cmd
}

func trainedBySteps(names []string) ([]methods.Entry, error) {
	var out []methods.Entry
	for _, name := range names {
		entry, err := methods.Lookup(name)
		if err != nil {
			return nil, err
		}
		if entry.Steps == 0 {
			return nil, fmt.Errorf("%s does not train by steps", name)
		}
		out = append(out, entry)
	}
	if len(names) > 0 {
		return out, nil
	}
	return slices.DeleteFunc(methods.Catalogue(), func(e methods.Entry) bool { return e.Steps == 0 }), nil
}

func (a *app) timeMethod(cmd *cobra.Command, entry methods.Entry, rounds int, long time.Duration, alone bool) (*methodRow, error) {
	e := a.engine()
	dir, err := os.MkdirTemp("", "darkroom-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	spec := lab.Spec{Method: entry.Name, Steps: 400, Runs: dir} // so that an event comes every fourth step
	for _, task := range benchTasks {
		if kind, _, _ := strings.Cut(task, ":"); !entry.Does(lab.Kind(kind)) {
			continue
		}
		spec.Task = task
		if _, err = bench.Train(cmd.Context(), e, spec, time.Millisecond); err == nil || cmd.Context().Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	var here, plain, inside []float64
	for range rounds {
		spec.Seed++ // so that it is a run of its own
		p, err := bench.Train(cmd.Context(), e, spec, long)
		if err != nil {
			return nil, err
		}
		here, inside = append(here, p.Step), append(inside, p.Inside)
		if alone {
			continue
		}
		spec.Seed++
		resume := onednn.Pause()
		p, err = bench.Train(cmd.Context(), e, spec, long)
		resume()
		if err != nil {
			return nil, err
		}
		plain = append(plain, p.Step)
	}
	row := &methodRow{Method: entry.Name, Task: spec.Task, Here: bench.Median(here), Inside: bench.Median(inside)}
	if !alone {
		row.XLA = bench.Median(plain)
		row.Ratio = row.Here / row.XLA
	}
	return row, nil
}

// String is the row for people.
func (r *methodRow) String() string {
	s := fmt.Sprintf("%-16s %-28s %8.1f ms a step, %2.0f %% of the time inside it", r.Method, r.Task, r.Here, 100*r.Inside)
	if r.XLA > 0 {
		s += fmt.Sprintf("; plain XLA %8.1f ms, ratio %.2f", r.XLA, r.Ratio)
	}
	return s
}
