package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"darkroom/kernel"
	"darkroom/lib/bench"
	"darkroom/lib/engine"
	"darkroom/lib/engine/onednn"
	"darkroom/lib/engine/programs"
	"darkroom/lib/lab"

	"github.com/spf13/cobra"
)

// stepRow is what `bench step` says of one network. Times are milliseconds.
type stepRow struct {
	Net       string             `json:"net"`
	Median    float64            `json:"median_ms"`
	Min       float64            `json:"min_ms"`
	Compile   float64            `json:"compile_ms,omitempty"`       // the first step, nothing kept from before
	Again     float64            `json:"compile_again_ms,omitempty"` // the first step of a program that was compiled before
	JAX       float64            `json:"jax_compile_ms,omitempty"`
	Memory    map[string]float64 `json:"memory_mib,omitempty"` // the most that a process had, "darkroom" and peers
	Peers     map[string]float64 `json:"peers"`
	RatioBest *float64           `json:"ratio_best"` // to the better of TensorFlow and PyTorch
	RatioJAX  *float64           `json:"ratio_jax"`
	Spread    [2]float64         `json:"spread_ms"` // least and largest of the alternations' medians
	Peak      float64            `json:"peak_gflops,omitempty"`
	Blocks    []bench.Block      `json:"blocks,omitempty"`
}

func (a *app) benchCommand() *cobra.Command {
	root := &cobra.Command{Use: "bench", Short: "Time darkroom beside other frameworks", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var venv, script string
	var asJSON, compile, memory, roofline bool
	var rounds, steps int
	cmd := &cobra.Command{
		Use:   "step [NET...]",
		Short: "Time the training steps of the reference networks",
		Long: `Times whole training steps (forward, loss, gradients, update) of the five reference networks on a fixed batch, each ended by reading
the loss; those of article-gan and article-vae if they are named, beside TensorFlow. With --peers the same networks in TensorFlow, PyTorch and JAX are timed in turn with darkroom's, so that the
ratios hold when the machine's speed drifts.`,
		Example: `  darkroom bench step dncnn40
  darkroom bench step article-gan article-vae --peers /tmp/peers
  darkroom bench step --peers /tmp/peers --script ../shared/peers/train_step.py --json`,
		RunE: func(cmd *cobra.Command, names []string) error {
			nets, err := chosenNets(names)
			if err != nil {
				return engine.UsageError{Err: err}
			}
			if rounds < 1 || steps < 1 {
				return engine.UsageError{Err: fmt.Errorf("--rounds %d --steps %d: both must be at least 1", rounds, steps)}
			}
			var peers *bench.Peers
			if venv != "" {
				if script == "" {
					repo, err := kernel.FindRepo()
					if err != nil {
						return err
					}
					script = filepath.Join(repo, "..", "shared", "peers", "train_step.py")
				}
				if peers, err = bench.NewPeers(cmd.Context(), venv, script); err != nil {
					return err
				}
			}
			for _, net := range nets {
				row, err := a.timeNet(cmd, net, peers, rounds, steps)
				if err == nil && compile {
					err = a.timeCompile(cmd, net, peers, row)
				}
				if err == nil && memory {
					row.Memory["darkroom"], err = bench.Memory(cmd.Context(), net.Name, steps)
				}
				if err == nil && roofline {
					err = a.roofline(cmd, net, steps, row)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", net.Name, err)
				}
				if !memory {
					row.Memory = nil
				}
				if asJSON {
					if err := json.NewEncoder(a.out).Encode(row); err != nil {
						return err
					}
					continue
				}
				_, _ = fmt.Fprintln(a.out, row)
				for _, b := range row.Blocks {
					_, _ = fmt.Fprintln(a.out, " ", b)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&venv, "peers", "", "a Python environment with tensorflow, torch or jax, to time beside")
	cmd.Flags().StringVar(&script, "script", "", "the script that times a peer (default: ../shared/peers/train_step.py)")
	cmd.Flags().IntVar(&rounds, "rounds", 5, "alternations between darkroom and the peers")
	cmd.Flags().IntVar(&steps, "steps", 50, "timed steps in each alternation, after 10 to warm up")
	cmd.Flags().BoolVar(&compile, "compile", false, "also say how long the first step takes, tracing and compiling included")
	cmd.Flags().BoolVar(&memory, "memory", false, "also say the most memory that a process had that compiled and ran it")
	cmd.Flags().BoolVar(&roofline, "roofline", false, "also say how fast each convolution is, and how near the machine's matrix products")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON for each network")
	root.AddCommand(cmd, a.benchMethodsCommand(), a.benchSparseCommand())
	return root
}

func chosenNets(names []string) ([]bench.Net, error) {
	if len(names) == 0 {
		return bench.Nets, nil
	}
	var known []string
	for _, n := range bench.Nets {
		known = append(known, n.Name)
	}
	known = append(known, bench.Articles...)
	var out []bench.Net
	for _, name := range names {
		i := slices.Index(known, name)
		switch {
		case i < 0:
			return nil, fmt.Errorf("unknown network %q%s; there are %s", name, lab.Suggest(name, known), strings.Join(known, ", "))
		case i < len(bench.Nets):
			out = append(out, bench.Nets[i])
		default:
			n, err := bench.Article(name)
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		}
	}
	return out, nil
}

// step builds a network's step on this process's backend.
func (a *app) step(cmd *cobra.Command, net bench.Net) (*bench.Stepper, error) {
	b, err := a.engine().Backend(cmd.Context())
	if err != nil {
		return nil, err
	}
	return bench.New(b, net)
}

func (a *app) timeNet(cmd *cobra.Command, net bench.Net, peers *bench.Peers, rounds, steps int) (*stepRow, error) {
	s, err := a.step(cmd, net)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if peers != nil {
		if peers, err = peers.Of(net); err != nil {
			return nil, err
		}
	}
	row := &stepRow{Net: net.Name, Min: math.Inf(1), Peers: map[string]float64{}, Memory: map[string]float64{}}
	var own []float64
	theirs := map[string][]float64{}
	for range rounds {
		if err := cmd.Context().Err(); err != nil {
			return nil, err
		}
		median, least, err := s.Time(10, steps)
		if err != nil {
			return nil, err
		}
		own, row.Min = append(own, median), min(row.Min, least)
		if peers == nil {
			continue
		}
		for _, name := range peers.Names {
			t, err := peers.Time(cmd.Context(), name, net.Name)
			if err != nil {
				return nil, err
			}
			if t.Parameters > 0 && t.Parameters != s.Parameters {
				return nil, fmt.Errorf("%s trains %d parameters here and %d in %s: it is not the same network", net.Name, s.Parameters, t.Parameters, name)
			}
			theirs[name] = append(theirs[name], t.Step)
			row.Memory[name] = max(row.Memory[name], t.Memory)
		}
	}
	row.Median, row.Spread = bench.Median(own), [2]float64{slices.Min(own), slices.Max(own)}
	best := math.Inf(1)
	for name, times := range theirs {
		row.Peers[name] = bench.Median(times)
		if name != "jax" {
			best = min(best, row.Peers[name])
		}
	}
	if !math.IsInf(best, 1) {
		r := row.Median / best
		row.RatioBest = &r
	}
	if jax, ok := row.Peers["jax"]; ok {
		r := row.Median / jax
		row.RatioJAX = &r
	}
	return row, nil
}

// timeCompile measures the first step: with nothing kept from before, with the program kept, and JAX's.
func (a *app) timeCompile(cmd *cobra.Command, net bench.Net, peers *bench.Peers, row *stepRow) error {
	first := func() (float64, error) {
		begin := time.Now()
		s, err := a.step(cmd, net)
		if err != nil {
			return 0, err
		}
		defer s.Close()
		return float64(time.Since(begin).Milliseconds()), nil
	}
	var err error
	if row.Again, err = first(); err != nil { // timeNet had it compiled, so that it is kept
		return err
	}
	defer programs.Pause()()
	if row.Compile, err = first(); err != nil || peers == nil || !slices.Contains(peers.Names, "jax") {
		return err
	}
	seconds, err := peers.Compile(cmd.Context(), "jax", net.Name)
	row.JAX = 1000 * seconds
	return err
}

func (a *app) roofline(cmd *cobra.Command, net bench.Net, steps int, row *stepRow) error {
	s, err := a.step(cmd, net)
	if err != nil {
		return err
	}
	defer s.Close()
	peak := onednn.Peak()
	row.Peak = peak / 1e9
	row.Blocks, err = s.Roofline(steps, peak)
	return err
}

// String is the row for people.
func (r *stepRow) String() string {
	s := fmt.Sprintf("%-8s %8.2f ms (%.2f to %.2f over the alternations, least step %.2f)", r.Net, r.Median, r.Spread[0], r.Spread[1], r.Min)
	for _, name := range sorted(r.Peers) {
		s += fmt.Sprintf("  %s %.2f", name, r.Peers[name])
	}
	if r.RatioBest != nil {
		s += fmt.Sprintf("  %.2f of the better of TensorFlow and PyTorch", *r.RatioBest)
	}
	if r.RatioJAX != nil {
		s += fmt.Sprintf("  %.2f of JAX", *r.RatioJAX)
	}
	if r.Peak > 0 {
		s += fmt.Sprintf("  matrix products reach %.0f GFLOP/s", r.Peak)
	}
	if r.Compile > 0 {
		s += fmt.Sprintf("  first step after %.1f s, %.1f s once it is kept", r.Compile/1000, r.Again/1000)
	}
	if r.JAX > 0 {
		s += fmt.Sprintf(", JAX %.1f s", r.JAX/1000)
	}
	for _, name := range sorted(r.Memory) {
		s += fmt.Sprintf("  %s had %.0f MiB", name, r.Memory[name])
	}
	return s
}
