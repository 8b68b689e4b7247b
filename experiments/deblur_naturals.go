package experiments

import "darkroom/lib/lab"

// deblurNaturals asks what a denoiser is worth as the prior of a task that it has not learnt.
var deblurNaturals = Comparison{
	Name:  "deblur-naturals",
	Title: "Deblurring natural pictures: Gaussian blur of σ = 1.6 pixels and noise of σ = 2",
	Task:  "restore:gaussian1.6+denoise2:naturals",
	Entries: []Entry{
		{Method: "identity"},
		{Method: "wiener"},
		{Method: "tv"},
		{Name: "dncnn-blind", Method: "dncnn", Trained: true, From: blindDnCNN, QuickSteps: 100},
		{Name: "red-dncnn", Method: "red", Trained: true, From: blindDnCNN, QuickSteps: 100, Slow: true},
		{Name: "pnp-admm-dncnn", Method: "pnp", Set: lab.Set{"form": "admm", "first": 10}, Trained: true, From: blindDnCNN, QuickSteps: 100, Slow: true},
		{Name: "pnp-hqs-dncnn", Method: "pnp", Set: lab.Set{"first": 10}, Trained: true, From: blindDnCNN, QuickSteps: 100},
	},
	Metrics: []string{"psnr", "ssim"},
	Full:    Budget{Seeds: 3},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 1}},
	Doc: `What is a denoiser worth on a task that it was not trained for, alone and as the prior of a method that knows the blur? The dncnn
has learnt Gaussian noise of unknown σ, from 5 to 55, and no blur; plug-and-play (by half-quadratic splitting, and by ADMM) and RED ask it for
the prior and heed the measurement by a step in closed form. Plug-and-play begins at σ = 10: what a step towards a blurred picture leaves
wrong is no white noise, and a network that judges the noise for itself lets it pass (first = 8, 15, 20, 30 and 49 gave 29.2, 29.1, 28.7, 27.6
and 26.1 dB on two of the pictures). Blur is circular, so no edges are lost; papers report other pictures.`,
}
