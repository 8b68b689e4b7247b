package experiments

import (
	"fmt"

	"darkroom/lib/lab"
)

// betaVAE draws the rate–distortion curve.
var betaVAE = Comparison{
	Name:  "beta-vae",
	Title: "Rate and distortion of autoencoders",
	Task:  "generate:mnist",
	Entries: []Entry{
		beta("beta-vae", 3_000, 300, 0.1), beta("beta-vae", 3_000, 300, 0.3), beta("beta-vae", 3_000, 300, 1), beta("beta-vae", 3_000, 300, 3),
		beta("beta-vae", 3_000, 300, 10), beta("beta-vae", 3_000, 300, 100),
		beta("conv-vae", 3_000, 100, 0.01), beta("conv-vae", 3_000, 100, 0.1), beta("conv-vae", 3_000, 100, 1),
		trained("vq-vae", 3_000, 100, nil),
	},
	Metrics: []string{"kl", "reconstruction", "elbo", "active-units", "perplexity"},
	Curve: &Curve{
		Name: "rate-distortion", X: "kl", Y: "reconstruction", Negative: true,
		XLabel: "rate, KL(q(z|x) ‖ p(z)) (nats)", YLabel: "distortion, −E[log p(x|z)] (nats)",
	},
	Full:  Budget{Seeds: 3, Eval: lab.Eval{Images: 2500, Importance: 1}},
	Quick: Budget{Seeds: 1, Eval: lab.Eval{Images: 500, Importance: 1}},
	Doc: `A code that costs R nats leaves a distortion of D nats, and −ELBO = R + D. The weight β of the KL term chooses
the point on the curve of what a network can reach (Alemi et al. 2018, Fixing a broken ELBO, arXiv:1711.00464): a small β buys
detail, a large one saves rate until the posterior collapses, which health names. The code of vq-vae is discrete; its rate is the
code length by its PixelCNN prior, −log p(z), at most the entries' 49 × log 256 = 272 nats. A vq-vae is better than a vae at
the same rate where its point lies below the curve of conv-vae, whose networks are the most like its own. All are trained for 3,000 steps,
three to six epochs: that places the points beside one another, but not at their limits.`,
}

// beta is a row of a method with some weight of the KL term.
func beta(method string, steps, quick int, beta float64) Entry {
	set := lab.Set{"beta": beta}
	if method == "beta-vae" {
		set["hidden"], set["activation"], set["decay"] = "500,500", "relu", 0.5
	}
	return trained(method, steps, quick, set, fmt.Sprintf("β = %g", beta))
}
