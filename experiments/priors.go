package experiments

import "darkroom/lib/lab"

// priors compares what is known of pictures beforehand: by hand, from pairs, and from a generator, on the same measurements.
var priors = Comparison{
	Name:  "priors",
	Title: "Digits from a tenth of their pixels: hand-made, learnt and generative priors",
	Task:  "restore:inpaint90:mnist",
	Entries: []Entry{
		{Method: "interpolate"},
		{Method: "tv"},
		{Name: "pnp-tv", Method: "pnp", Set: lab.Set{"denoiser": "tv", "iterations": 8}, Slow: true},
		{Method: "dip", Set: lab.Set{"levels": 3}, Slow: true},
		{Name: "csgm-vae", Method: "csgm", Trained: true, QuickSteps: 100, From: &From{
			Method: "vae", Task: "generate:mnist", Set: lab.Set{"hidden": "500,500", "activation": "relu"}, Steps: 5_000, QuickSteps: 100,
		}},
		{Method: "unet", Set: lab.Set{"patch": 28, "batch": 64, "width": 16}, Trained: true, Steps: 3_000, QuickSteps: 20},
	},
	Metrics: []string{"psnr", "ssim"},
	Full:    Budget{Seeds: 3, Eval: lab.Eval{Images: 50}},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 2, Importance: 2}},
	Doc: `Nine of ten pixels of a digit are missing. How much does it matter what is known beforehand: that pictures are flat but for edges (tv),
that they are what an untrained network makes sooner than noise (dip), that they are what a VAE of digits makes (csgm: the latent whose
picture fits best), or pairs of this very task (unet)? A generator cannot make what it has not learnt, so its error does not vanish with
more pixels; pairs serve one task alone. The pictures are 50 of the test split, evenly spread.`,
}
