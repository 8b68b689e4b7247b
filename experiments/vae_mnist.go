package experiments

import (
	"darkroom/lib/lab"
	"darkroom/lib/report"
)

// burda is what the published numbers of Burda et al. 2015 have in common.
const (
	burdaSource     = "Burda, Grosse & Salakhutdinov 2015, arXiv:1509.00519, Table 1, one stochastic layer, "
	burdaDifference = "theirs has two hidden layers of 200 tanh units and a code of 50, and trains for 3280 epochs of batches of 20 " +
		"with learning rates that fall in eight stages from 0.001 to 0.0001; ours has 500 ReLU units and a code of 40, and trains "
	burdaMeasure = "; ours is measured on every fourth test image, binarised once with seed 1"
)

// vaeMNIST compares linear models with the networks that generalize them.
var vaeMNIST = Comparison{
	Name:  "vae-mnist",
	Title: "Likelihood of MNIST: probabilistic PCA, a mixture of them, a VAE and importance weighted autoencoders",
	Task:  "generate:mnist",
	Entries: []Entry{
		{Method: "pca"},
		{Method: "gmm"},
		{
			Method: "vae", Set: lab.Set{"hidden": "500,500", "latent": 40, "activation": "relu", "decay": 0.8},
			Trained: true, Steps: 40_000, QuickSteps: 300,
		},
		{
			Name: "iwae-5", Method: "iwae", Set: lab.Set{"hidden": "500,500", "latent": 40, "activation": "relu", "decay": 0.8, "samples": 5},
			Trained: true, Steps: 40_000, QuickSteps: 100,
		},
		{
			Name: "iwae-50", Method: "iwae", Set: lab.Set{"hidden": "500,500", "latent": 40, "activation": "relu", "decay": 0.8, "samples": 50, "batch": 32},
			Trained: true, Steps: 40_000, QuickSteps: 30,
		},
	},
	Metrics: []string{"log-likelihood", "elbo", "log-density"},
	Full:    Budget{Seeds: 3, Eval: lab.Eval{Images: 2500, Importance: 5000}},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 100, Importance: 50}},
	Published: []report.Published{
		{
			Method: "vae", Metric: "log-likelihood", Value: -86.76, Source: burdaSource + "VAE, k = 1",
			Difference: burdaDifference + "for 85 epochs of batches of 128" + burdaMeasure,
		},
		{
			Method: "iwae-5", Metric: "log-likelihood", Value: -85.54, Source: burdaSource + "IWAE, k = 5",
			Difference: burdaDifference + "for 85 epochs of batches of 128" + burdaMeasure,
		},
		{
			Method: "iwae-50", Metric: "log-likelihood", Value: -84.78, Source: burdaSource + "IWAE, k = 50",
			Difference: burdaDifference + "for 21 epochs of batches of 32" + burdaMeasure,
		},
	},
	Doc: `What is the test log-likelihood of a VAE on MNIST, binarised anew each time a picture is seen, and what does
a tighter bound in training gain with the same networks? They have one stochastic layer, as those of Burda et al.
2015, with two hidden layers of 500 ReLU units on each side and a code of 40: the VAE comes near their number in a
fortieth of the epochs. log p(x) is estimated with 5000 importance samples a picture, as in the paper; it is a lower bound
in expectation. A picture with 50 codes costs ten times one with 5, so that row sees a quarter of the pictures.
Probabilistic PCA, the linear baseline, and a mixture of Gaussians on its components have an exact log-density, but of binary
pictures with uniform noise added (or of grey ones): a density over a continuous space, which bounds the probability of
the binary picture from below and is not the same quantity. So it has a column of its own, and there is no
paired difference between them and the networks.`,
}
