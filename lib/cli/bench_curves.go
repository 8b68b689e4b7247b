package cli

import (
	"fmt"
	"strings"

	"darkroom/lib/bench"
	"darkroom/lib/lab"
	"darkroom/lib/sparse"
	"darkroom/plots"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"
)

// curveTolerances are where each solver's curve has its points.
var curveTolerances = []float64{1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}

// lassoCurves times every solver of the lasso to one tolerance after the other, the better of two runs each, and draws the relative gap that it
// reached against the time. A solver's curve ends with a run of more than patient seconds. Of the peers the solvers that were timed are points.
func (a *app) lassoCurves(cmd *cobra.Command, b compute.Backend, p *bench.Patches, peers []*codedBy, file string) error {
	var runs []plots.Run
	curve := func(name string) *lab.Series {
		runs = append(runs, plots.Run{Label: name, Curves: lab.Curves{{Name: "duality gap / objective"}}})
		return &runs[len(runs)-1].Curves[0]
	}
	for _, r := range peers { // first, since a point has a colour and no dashes
		if !strings.HasSuffix(r.Name, "float32") { // which lies beside the other
			s := curve(r.Name)
			s.X, s.Y = []float64{r.Median}, []float64{r.Gap}
		}
	}
	for _, name := range sorted(sparse.Solvers()) {
		s := curve(name)
		for _, tolerance := range curveTolerances {
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			coded, err := timeOnce(b, p, sparse.Solvers()[name], tolerance)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			s.X, s.Y = append(s.X, coded.Seconds), append(s.Y, coded.RelativeGap())
			_, _ = fmt.Fprintf(a.out, "%s, tolerance %.0e: %.3f s, relative gap %.2e, objective %.8f\n", name, tolerance, coded.Seconds, coded.RelativeGap(), coded.Objective)
			if coded.Seconds > patient {
				break
			}
		}
	}
	return plots.Save(file, gapFigure(runs, p.N))
}

func gapFigure(runs []plots.Run, patches int) plots.Figure {
	return plots.Compare(runs, plots.LogX(), plots.LogY(), plots.Smooth(0), plots.XLabel("seconds, without compilation"),
		plots.Title(fmt.Sprintf("LASSO of %d patches", patches)), plots.Size(640, 420))
}

func timeOnce(b compute.Backend, p *bench.Patches, solve sparse.Solver, tolerance float64) (bench.Coded, error) {
	c, err := bench.NewCoder(b, p, "lasso", solve, tolerance)
	if err != nil {
		return bench.Coded{}, err
	}
	defer c.Close()
	best, err := c.Code()
	if err != nil || best.Seconds > patient {
		return best, err
	}
	again, err := c.Code()
	if again.Seconds < best.Seconds {
		best = again
	}
	return best, err
}
