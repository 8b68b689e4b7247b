package experiments

import "darkroom/lib/lab"

// generateFashion holds every generator against the same test images, between a floor and a ceiling.
var generateFashion = Comparison{
	Name:  "generate-fashion",
	Title: "Generating Fashion-MNIST: GANs, a VAE and PCA, between training images and noise",
	Task:  "generate:fashion-mnist",
	Entries: []Entry{
		{Method: "replay"},
		{Method: "noise"},
		{Method: "pca"},
		{Method: "vae", Trained: true, Steps: 20_000, QuickSteps: 200, Set: lab.Set{"hidden": "500,500", "activation": "relu", "decay": 0.5}},
		{Method: "dcgan", Trained: true, Steps: 8000, QuickSteps: 100, Set: narrow},
		{Name: "dcgan, hinge, spectral norm", Method: "dcgan", Trained: true, Steps: 8000, QuickSteps: 100,
			Set: lab.Set{"width": 32, "loss": "hinge", "norm": "spectral"}},
		{Name: "dcgan, r1", Method: "dcgan", Trained: true, Steps: 8000, QuickSteps: 100, Set: lab.Set{"width": 32, "r1": 10, "norm": "none"}},
		{Method: "lsgan", Trained: true, Steps: 8000, QuickSteps: 100, Set: narrow},
		{Method: "wgan", Trained: true, Steps: 8000, QuickSteps: 50, Set: narrow},
		{Method: "wgan-gp", Trained: true, Steps: 4000, QuickSteps: 50, Set: narrow},
	},
	Metrics: []string{"fid", "kid", "prdc-precision", "prdc-recall", "prdc-coverage", "memorised", "label-tv"},
	Full:    Budget{Seeds: 3, Eval: lab.Eval{Samples: 10_000}},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Samples: 500, Images: 500, Importance: 10}},
	Doc: `Which generator comes nearest to the data, and how long does it learn? All are measured on the features of one
classifier that is trained here on the training images, so the numbers stand beside each other and not beside those of papers, which
take Inception-V3's. The floor is the training images themselves (replay): two finite sets of one source are not at distance 0. The
ceiling is noise. Replay is perfect by every measure but one: memorised shows that it invents nothing.`,
}

// narrow are networks of half the width that they have by default: a training step takes a third of the time.
var narrow = lab.Set{"width": 32}
