package experiments

import "darkroom/lib/lab"

// translateEmoji compares methods with and without pairs at redrawing Google's emoji in Twitter's manner.
var translateEmoji = Comparison{
	Name:  "translate-emoji",
	Title: "Google's emoji in Twitter's manner",
	Task:  "translate:emoji",
	Entries: []Entry{
		{Method: "identity"},
		{Method: "color-transfer"},
		trained("cyclegan", 10_000, 20, lab.Set{"skip": true}),
		trained("cyclegan", 10_000, 20, lab.Set{"skip": true, "identity": 0, "cycle": 5}, "freer"),
		trained("pix2pix", 6000, 50, lab.Set{"skip": true}),
		trained("pix2pix", 6000, 50, lab.Set{"skip": true, "l1": 10_000}, "l1"),
	},
	Metrics: []string{"feature-distance", "l1", "ssim", "cycle-l1", "class-preserved"},
	Full:    Budget{Seeds: 3},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 48}},
	Doc: `How near do translations of Google's drawings come to Twitter's drawings of the same characters, which are
hidden from all but pix2pix? cyclegan learns from the two sets without pairs, pix2pix from true ones: what
it reaches is what pairs are worth. Both add to the picture that they are given (skip): drawing it anew, with their norm by instance,
they forget how bright it was. The second cyclegan has half the weight of the cycle and none of the identity; the second pix2pix has a hundred times
the weight of the absolute error, which leaves its discriminator next to nothing to say. The characters of the test set are in neither training set, nor are their variants.
No published number is set beside these: the papers' data and scores are others.`,
}
