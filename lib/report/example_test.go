package report_test

import (
	"fmt"

	"darkroom/lib/lab"
	"darkroom/lib/report"
)

func ExampleBuild() {
	run := func(method string, psnr ...float64) []*lab.Result {
		return []*lab.Result{{
			Spec: lab.Spec{Method: method}, Seconds: 1.5,
			Metrics: map[string]lab.Metric{
				"psnr": {Values: psnr, Unit: "dB", Better: "higher", Protocol: "PSNR, grey, range 1"},
			},
		}}
	}
	table, err := report.Build(
		report.Heading{
			Comparison: "denoise", Title: "Denoising at σ = 25", Task: "restore:denoise25:naturals", Commit: "1f3a9c0",
		},
		[]string{"psnr"},
		[]report.Entry{
			{Method: "identity", Results: run("identity", 20, 21, 22, 20, 21, 22)},
			{Method: "fista", Results: run("fista", 25, 27, 26, 26, 27, 28)},
		}, nil)
	if err != nil {
		panic(err)
	}
	fmt.Print(table.Markdown())
	// Output:
	// ### Denoising at σ = 25
	//
	// Task restore:denoise25:naturals, commit 1f3a9c0
	//
	// | method   | seeds | images |    PSNR (dB) ↑ |                   Δ PSNR | wall time |
	// | :------- | ----: | -----: | -------------: | -----------------------: | --------: |
	// | identity |     0 |      6 |   21.00 ± 0.83 |                        – |     1.5 s |
	// | fista    |     0 |      6 | **26.5 ± 1.0** | +5.50 ± 0.76 (p = 0.031) |     1.5 s |
	//
	// - Protocol of PSNR: PSNR, grey, range 1.
	// - Note: ± is half the width of a 95 % bootstrap interval over images (percentiles, expanded for small numbers; 2000 resamples, fixed draw).
	// - Note: Δ is the paired difference to identity on the same images, averaged over seeds; p is from a two-sided sign-flip permutation test over images, not corrected for the number of rows.
	// - Note: With 6 images p cannot be under 0.031.
}
