package experiments

import "darkroom/lib/lab"

// denoiseNaturals compares a solver and a network on white Gaussian noise of σ = 25/255.
var denoiseNaturals = Comparison{
	Name:  "denoise-naturals",
	Title: "Denoising natural pictures, σ = 25",
	Task:  "restore:denoise25:naturals",
	Entries: []Entry{
		{Method: "identity"},
		{Method: "fista"},
		{Method: "dncnn", Trained: true, QuickSteps: 100},
	},
	Metrics: []string{"psnr", "ssim"},
	Full:    Budget{Seeds: 3},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 2}},
	Doc: `How much does a sparse prior remove of white Gaussian noise (σ = 25 of 255), and how much more does a
network that has learnt from pairs? The first row is the noisy picture itself. No published number is set beside
these: papers report BSD68 and Set12 (DnCNN at σ = 25 on BSD68: 29.23 dB, Zhang et al. 2017, Table II), which
are other pictures.`,
}
