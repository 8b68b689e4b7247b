package experiments

import (
	"fmt"

	"darkroom/lib/lab"
)

// Networks of a size that trains within an hour on two cores.
var (
	dncnnSet = lab.Set{"depth": 12, "width": 48, "batch": 16, "zooms": 3, "rough": 2}
	vdsrSet  = lab.Set{"batch": 16}
)

// blindDnCNN denoises whatever the noise's σ is.
var blindDnCNN = &From{Method: "dncnn", Task: "restore:denoise5-55:naturals", Set: dncnnSet, Steps: 10_000, QuickSteps: 100}

// denoiseNaturals compares solvers and networks on white Gaussian noise of σ of 255.
func denoiseNaturals(sigma int) Comparison {
	c := Comparison{
		Name:  "denoise-naturals",
		Title: fmt.Sprintf("Denoising natural pictures, σ = %d", sigma),
		Task:  fmt.Sprintf("restore:denoise%d:naturals", sigma),
		Entries: []Entry{
			{Method: "identity"},
			{Method: "wiener"},
			{Method: "tv"},
			{Method: "wavelet"},
			{Method: "nlm"},
			{Method: "fista"},
			{Method: "ksvd", Slow: true},
			{Name: "dncnn-blind", Method: "dncnn", Trained: true, From: blindDnCNN, QuickSteps: 100},
		},
		Metrics: []string{"psnr", "ssim"},
		Full:    Budget{Seeds: 3},
		Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 2}},
		Doc: fmt.Sprintf(`How much do hand-made and sparse priors remove of white Gaussian noise (σ = %d of 255), and how much more does a
network that has learnt from pairs? The first row is the noisy picture itself. dncnn-blind has learnt σ from 5 to 55 and is not told
which it is. `, sigma),
	}
	if sigma != 25 {
		c.Name = fmt.Sprintf("denoise%d-naturals", sigma)
		c.Doc += "The others are told. No network has learnt this level alone: see denoise-naturals, of σ = 25."
		return c
	}
	c.Entries = append(c.Entries,
		Entry{Method: "linear", Slow: true},
		Entry{Method: "patch-pca", Slow: true},
		Entry{Method: "autoencoder", Trained: true, QuickSteps: 20, Slow: true},
		Entry{Method: "dncnn", Set: dncnnSet, Trained: true, Steps: 10_000, QuickSteps: 100},
	)
	c.Doc += `linear is one matrix for all patches, fitted by least squares; patch-pca and
autoencoder send patches through a code of the same size. Both dncnn are smaller than the paper's (12 layers of 48 channels and no batch norm, not 17 of 64 with it), so that
they train within an hour on two cores; their patches are the rougher of two, from the pictures and from ones shrunk by 2 and by 3.
No published number is set beside these: papers report BSD68 and Set12 (DnCNN at σ = 25 on BSD68: 29.23 dB, Zhang et al. 2017,
Table II), which are other pictures.`
	return c
}
