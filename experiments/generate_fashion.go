package experiments

import (
	"darkroom/lib/lab"
	"darkroom/lib/report"
)

// generateFashion holds every generator against the same test images, between a floor and a ceiling.
var generateFashion = Comparison{
	Name:  "generate-fashion",
	Title: "Generating Fashion-MNIST: GANs and VAEs, between training images and noise",
	Task:  "generate:fashion-mnist",
	Entries: []Entry{
		{Method: "replay"},
		{Method: "noise"},
		{Method: "pca", Set: lab.Set{"pixels": "logit"}}, // pixel values as they are make it worse: a Gaussian has no black and no white
		{Method: "gmm"},
		trained("vae", 20_000, 200, dense),
		trained("iwae", 5000, 50, dense), // whose step takes as long as four of vae
		trained("cvae", 20_000, 50, dense),
		trained("conv-vae", 10_000, 50, nil),
		trained("vq-vae", 3000, 30, nil),
		trained("vae-gan", 4000, 30, narrow),
		trained("gan", 30_000, 200, nil),
		trained("dcgan", 8000, 100, narrow),
		trained("dcgan", 8000, 100, lab.Set{"width": 32, "loss": "hinge", "norm": "spectral"}, "hinge, spectral norm"),
		trained("dcgan", 8000, 100, lab.Set{"width": 32, "r1": 10, "norm": "none"}, "r1"),
		trained("lsgan", 8000, 100, narrow),
		trained("sngan", 8000, 30, narrow),
		trained("wgan", 8000, 50, narrow),
		trained("wgan-gp", 4000, 50, narrow),
		trained("cgan", 8000, 50, narrow),
		trained("infogan", 8000, 50, narrow),
	},
	Metrics: []string{"fid", "kid", "prdc-precision", "prdc-recall", "prdc-coverage", "memorised", "label-tv"},
	Full:    Budget{Seeds: 3, Eval: lab.Eval{Samples: 10_000}},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Samples: 500, Images: 500, Importance: 10}},
	Published: []report.Published{
		lucic("vae", 58.7, fashionNote), lucic("dcgan", 26.5, fashionNote), lucic("lsgan", 30.7, fashionNote),
		lucic("wgan", 21.5, fashionNote), lucic("wgan-gp", 24.5, fashionNote),
	},
	Doc: `Which generator comes nearest to the data, and how long does it learn? All are measured on the features of one
classifier that is trained here on the training images, so the numbers stand beside each other and not beside those of papers, which
take Inception-V3's: Lucic et al. 2018 searched 100 settings for each loss, on one network, and theirs are told beside ours to compare the
order. The floor is the training images themselves (replay): two finite sets of one source are not at distance 0. The
ceiling is noise. Replay is perfect by every measure but one: memorised shows that it invents nothing. cvae and cgan are told the
classes, and draw each as often as it is asked for.`,
}

// narrow are networks of half the width that they have by default: a training step takes a third of the time. dense are two hidden layers each way.
var (
	narrow = lab.Set{"width": 32}
	dense  = lab.Set{"hidden": "500,500", "activation": "relu", "decay": 0.5}
)

// trained is the row of a method that learns by steps; what is written after its name tells it from others of the method.
func trained(method string, steps, quick int, set lab.Set, more ...string) Entry {
	e := Entry{Method: method, Set: set, Trained: true, Steps: steps, QuickSteps: quick}
	for _, m := range more {
		e.Name = method + ", " + m
	}
	return e
}

const fashionNote = "theirs is the best of 100 settings, for each the mean over 10 samples of the best epoch's FID, by Inception-V3 and against 10,000 test images; " +
	"ours is by a classifier trained on the task, at one setting and at the last step"

// lucic is the FID of a row in the large study.
func lucic(row string, fid float64, note string) report.Published {
	return report.Published{
		Method: row, Metric: "fid", Value: fid, Beside: true, Difference: note,
		Source: "Lucic, Kurach, Michalski, Gelly & Bousquet 2018, Are GANs created equal?, arXiv:1711.10337, Table 2",
	}
}
