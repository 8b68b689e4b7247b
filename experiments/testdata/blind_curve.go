//go:build ignore

// Command blind_curve draws the PSNR over the noise's σ of the naturals' runs that lie in a folder, and prints it as a table: of the noisy pictures, of
// nlm, which is told σ, and of two networks, each with one set of weights, which are not.
//
//	for n in 5 10 15 20 25 30 35 40 45 50 55; do
//	  for m in identity nlm; do darkroom run $m restore:denoise$n:naturals --runs RUNS; done
//	  for r in BLIND KNOWN; do darkroom run dncnn restore:denoise$n:naturals --run $r --runs RUNS; done
//	done
//	go run experiments/testdata/blind_curve.go RUNS BLIND KNOWN curve.png      # BLIND and KNOWN are the folders of finished runs in RUNS
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"darkroom/lib/lab"
	"darkroom/lib/record"
	"darkroom/plots"
)

func main() {
	folder, blind, known, out := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	sigmas := []int{5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55}
	names := []string{"noisy", "nlm, told σ", "dncnn, learnt 25", "dncnn, learnt 5 to 55"}
	psnr := map[string]map[string]lab.Metric{}
	paths, _ := filepath.Glob(filepath.Join(folder, "*", "spec.json"))
	for _, path := range paths {
		run, err := record.Open(filepath.Dir(path))
		if err != nil {
			continue
		}
		s, name := run.Spec, ""
		switch {
		case s.Method == "identity":
			name = names[0]
		case s.Method == "nlm":
			name = names[1]
		case s.Method == "dncnn" && (s.From == known || filepath.Base(run.Dir) == known):
			name = names[2]
		case s.Method == "dncnn" && s.From == blind:
			name = names[3]
		}
		if m, ok := run.AllMetrics()["psnr"]; ok && name != "" {
			if psnr[name] == nil {
				psnr[name] = map[string]lab.Metric{}
			}
			psnr[name][s.Task] = m
		}
	}
	fmt.Printf("| σ | %s | the last minus the one before it, on each picture |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)+1))
	curves := make([]plots.Run, len(names))
	for i, name := range names {
		curves[i] = plots.Run{Label: name, Curves: lab.Curves{{Name: "PSNR (dB)"}}}
	}
	for _, sigma := range sigmas {
		task := fmt.Sprintf("restore:denoise%d:naturals", sigma)
		row, gains := fmt.Sprint("| ", sigma), ""
		for i, name := range names {
			m, ok := psnr[name][task]
			if !ok {
				fmt.Fprintf(os.Stderr, "no run of %s on %s\n", name, task)
				os.Exit(1)
			}
			c := &curves[i].Curves[0]
			c.X, c.Y = append(c.X, float64(sigma)), append(c.Y, m.Value)
			row += fmt.Sprintf(" | %.2f", m.Value)
			for k, v := range m.Values {
				if i == len(names)-1 {
					gains += fmt.Sprintf("%+.2f ", v-psnr[names[i-1]][task].Values[k])
				}
			}
		}
		fmt.Printf("%s | %s|\n", row, gains)
	}
	f := plots.Compare(curves, plots.Title("Six natural pictures, one network for all noise"), plots.XLabel("σ of the noise, of 255"), plots.YLabel("PSNR (dB)"))
	if err := plots.Save(out, f); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
