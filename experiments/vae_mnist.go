package experiments

import (
	"darkroom/lib/lab"
	"darkroom/lib/report"
)

// vaeMNIST compares the linear model with the network that generalizes it.
var vaeMNIST = Comparison{
	Name:  "vae-mnist",
	Title: "Likelihood of MNIST: probabilistic PCA and a VAE",
	Task:  "generate:mnist",
	Entries: []Entry{
		{Method: "pca"},
		{Method: "vae", Set: lab.Set{"latent": 50}, Trained: true, Steps: 60_000, QuickSteps: 300},
	},
	Metrics: []string{"log-likelihood", "elbo", "log-density"},
	Full:    Budget{Seeds: 3, Eval: lab.Eval{Importance: 5000}},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 100, Importance: 50}},
	Published: []report.Published{{
		Method: "vae", Metric: "log-likelihood", Value: -86.76,
		Source:     "Burda, Grosse & Salakhutdinov 2015, arXiv:1509.00519, Table 1, VAE, one stochastic layer, k = 1",
		Difference: "theirs has two hidden layers of 200 tanh units and trains for 3280 epochs with falling learning rates",
	}},
	Doc: `What is the test log-likelihood of a VAE on MNIST, binarised anew each time a picture is seen? log p(x) is estimated
with 5000 importance samples a picture, as Burda et al. 2015 do. Probabilistic PCA has an exact likelihood, but of the grey
values: a density over [0, 1]^784, which cannot be compared with the probability of a binary picture. So it has a column
of its own, and there is no difference between the rows.`,
}
