package experiments

import "darkroom/lib/lab"

// inpaintNaturals compares ways to fill in three of four pixels.
var inpaintNaturals = Comparison{
	Name:  "inpaint-naturals",
	Title: "Natural pictures with 75 % of the pixels missing",
	Task:  "restore:inpaint75:naturals",
	Entries: []Entry{
		{Method: "interpolate"},
		{Method: "tv"},
		{Method: "fista", Slow: true},
		{Name: "pnp-hqs-dncnn", Method: "pnp", Trained: true, From: blindDnCNN, QuickSteps: 100},
		{Method: "dncnn", Set: dncnnSet, Trained: true, Steps: 10_000, QuickSteps: 50},
		{Method: "unet", Set: lab.Set{"batch": 16, "zooms": 3, "rough": 2}, Trained: true, Steps: 10_000, QuickSteps: 20},
	},
	Metrics: []string{"psnr", "ssim"},
	Full:    Budget{Seeds: 3},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 1}},
	Doc: `How much more than interpolation do hand-made, sparse and learnt priors bring back where three of four pixels, at random, are
missing? dncnn and unet learnt this task, from zeros in the place of the missing pixels; the denoiser of plug-and-play has only learnt
Gaussian noise. Papers hide the pixels of other pictures: no published number is set beside these.`,
}
