package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"darkroom/kernel"
	"darkroom/lib/bench"
	"darkroom/lib/data"
	"darkroom/lib/engine"
	"darkroom/lib/fetch"
	"darkroom/lib/lab"
	"darkroom/lib/sparse"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"
)

// codedBy is what `bench sparse` says of one solver, darkroom's or a peer's. Times are seconds, of the rounds that were.
type codedBy struct {
	Name      string     `json:"name"`
	Median    float64    `json:"median_s"`
	Spread    [2]float64 `json:"spread_s"`
	Rounds    int        `json:"rounds"`
	Compile   float64    `json:"compile_s,omitempty"`
	Objective float64    `json:"objective"`     // |y − Da|² + λ|a|₁ or, for omp and ormp, |y − Da|², the mean over the patches in float64
	Gap       float64    `json:"gap,omitempty"` // relative to the objective
	Nonzeros  float64    `json:"nonzeros"`
	Same      float64    `json:"same_supports,omitempty"` // share of the patches whose atoms are darkroom's
	Ratio     *float64   `json:"ratio,omitempty"`         // of darkroom's time to this one's, the median of the rounds
	RatioOf   [2]float64 `json:"ratio_spread,omitzero"`   // least and largest of the rounds
	times     []float64
}

// patient is how long a peer may take, in seconds, and be timed again.
const patient = 10

func (a *app) benchSparseCommand() *cobra.Command {
	var venv, script, solver, figure string
	var asJSON bool
	var rounds, patches int
	var tolerance float64
	cmd := &cobra.Command{
		Use:   "sparse",
		Short: "Time sparse coding beside SPAMS and scikit-learn",
		Long: `Times the coding of 8×8 patches of the picture camera, less their means, over 256 overcomplete cosines: ormp with at most 6 atoms,
which is order recursive as SPAMS's omp is, omp as scikit-learn has it, and lasso, min |y − Da|² + 0.1·|a|₁. With --peers SPAMS and scikit-learn code the same patches in turn with darkroom, and the ratios are
those of the times; a peer that takes more than 10 seconds is timed once. Objectives and gaps are computed from the codes in float64.
With --figure every solver of the lasso is timed to gaps from 0.1 to 1e-6, and drawn: gap against time.`,
		Example: `  darkroom bench sparse
  darkroom bench sparse --peers /tmp/peers --script ../shared/peers/sparse_encode.py --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			solve, known := sparse.Solvers()[solver]
			switch {
			case !known:
				names := sorted(sparse.Solvers())
				return engine.UsageError{Err: fmt.Errorf("unknown solver %q%s; there are %s", solver, lab.Suggest(solver, names), strings.Join(names, ", "))}
			case rounds < 1 || patches < 1:
				return engine.UsageError{Err: fmt.Errorf("--rounds %d --patches %d: both must be at least 1", rounds, patches)}
			case !(tolerance >= 0):
				return engine.UsageError{Err: fmt.Errorf("--tolerance %g: it must be at least 0", tolerance)}
			}
			problem, peers, err := a.sparseProblem(cmd, venv, script, patches)
			if err != nil {
				return err
			}
			if peers != nil {
				defer peers.Close()
			}
			b, err := a.engine().Backend(cmd.Context())
			if err != nil {
				return err
			}
			for _, task := range []string{"ormp", "omp", "lasso"} {
				rows, err := timeSparse(cmd, b, problem, peers, task, solve, solver, tolerance, rounds)
				if err != nil {
					return fmt.Errorf("%s: %w", task, err)
				}
				if asJSON {
					if err := json.NewEncoder(a.out).Encode(map[string]any{"task": task, "patches": patches, "solvers": rows}); err != nil {
						return err
					}
				} else {
					_, _ = fmt.Fprintln(a.out, task)
					for _, r := range rows {
						_, _ = fmt.Fprintln(a.out, " ", r)
					}
				}
				if figure != "" && task == "lasso" {
					if err := a.lassoCurves(cmd, b, problem, rows[1:], figure); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&venv, "peers", "", "a Python environment with spams or scikit-learn, to time beside")
	cmd.Flags().StringVar(&script, "script", "", "the script that makes the peers' problem (default: ../shared/peers/sparse_encode.py)")
	cmd.Flags().StringVar(&solver, "solver", "feature-sign", "darkroom's solver of the lasso")
	cmd.Flags().Float64Var(&tolerance, "tolerance", 1e-6, "duality gap at which it stops, as a share of half the patches' squares")
	cmd.Flags().IntVar(&rounds, "rounds", 5, "alternations between darkroom and the peers")
	cmd.Flags().IntVar(&patches, "patches", 20000, "patches to code")
	cmd.Flags().StringVar(&figure, "figure", "", "also time all solvers of the lasso to several gaps, and draw them to this file (.svg, .png, .pdf)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON for each task")
	return cmd
}

// sparseProblem is that of the peers, or one like it where there are none.
func (a *app) sparseProblem(cmd *cobra.Command, venv, script string, n int) (*bench.Patches, *bench.SparsePeers, error) {
	d, err := data.Open(cmd.Context(), "naturals", data.Options{Say: a.say, Grey: true})
	if err != nil {
		return nil, nil, err
	}
	if venv == "" {
		p := d.Test[slices.IndexFunc(d.Test, func(p data.Picture) bool { return p.Name == "camera" })]
		return bench.NewPatches(p.Image().Pix, p.Width, p.Height, n), nil, nil
	}
	if script == "" {
		repo, err := kernel.FindRepo()
		if err != nil {
			return nil, nil, err
		}
		script = filepath.Join(repo, "..", "shared", "peers", "sparse_encode.py")
	}
	at := slices.IndexFunc(d.Files, func(f fetch.File) bool { return filepath.Base(f.Name) == "camera.png" })
	path, err := d.Files[at].Ensure(cmd.Context(), a.say)
	if err != nil {
		return nil, nil, err
	}
	peers, err := bench.NewSparsePeers(cmd.Context(), venv, script, path, n)
	if err != nil {
		return nil, nil, err
	}
	return peers.Patches, peers, nil
}

// timeSparse has darkroom, which comes first, and the peers do one task in turn.
func timeSparse(cmd *cobra.Command, b compute.Backend, p *bench.Patches, peers *bench.SparsePeers, task string, solve sparse.Solver, name string, tolerance float64, rounds int) ([]*codedBy, error) {
	c, err := bench.NewCoder(b, p, task, solve, tolerance)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if task != "lasso" {
		name = task
	}
	rows := []*codedBy{{Name: "darkroom-" + name, Compile: c.Compile.Seconds()}}
	if peers != nil {
		for _, name := range peers.Names[task] {
			rows = append(rows, &codedBy{Name: name})
		}
	}
	for range rounds {
		for i, r := range rows {
			if err := cmd.Context().Err(); err != nil {
				return nil, err
			}
			var coded bench.Coded
			var supports []int32
			switch {
			case i == 0:
				coded, err = c.Code()
			case len(r.times) > 0 && r.times[0] > patient:
				continue
			default:
				coded, supports, err = peers.Code(r.Name, task)
			}
			if err != nil {
				return nil, err
			}
			r.times = append(r.times, coded.Seconds)
			r.Objective, r.Nonzeros = coded.Objective, coded.Nonzeros
			if task == "lasso" {
				r.Gap = coded.RelativeGap()
			} else if i > 0 {
				r.Same = bench.SameSupports(c.Supports, supports)
			}
		}
	}
	for i, r := range rows {
		r.Median, r.Spread, r.Rounds = bench.Median(r.times), [2]float64{slices.Min(r.times), slices.Max(r.times)}, len(r.times)
		if i == 0 {
			continue
		}
		var each []float64
		for k, t := range r.times {
			each = append(each, rows[0].times[k]/t)
		}
		ratio := bench.Median(each)
		r.Ratio, r.RatioOf = &ratio, [2]float64{slices.Min(each), slices.Max(each)}
	}
	return rows, nil
}

// String is the row for people.
func (r *codedBy) String() string {
	s := fmt.Sprintf("%-22s %8.3f s (%.3f to %.3f in %d rounds)  objective %.8f  %.2f atoms a patch", r.Name, r.Median, r.Spread[0], r.Spread[1], r.Rounds, r.Objective, r.Nonzeros)
	if r.Gap != 0 {
		s += fmt.Sprintf("  relative gap %.1e", r.Gap)
	}
	if r.Same > 0 {
		s += fmt.Sprintf("  the same atoms for %.2f %% of the patches", 100*r.Same)
	}
	if r.Ratio != nil {
		s += fmt.Sprintf("  darkroom takes %.3g of its time (%.3g to %.3g)", *r.Ratio, r.RatioOf[0], r.RatioOf[1])
	}
	if r.Compile > 0 {
		s += fmt.Sprintf("  compiled in %.1f s", r.Compile)
	}
	return s
}
