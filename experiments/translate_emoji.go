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
		trained("cyclegan", 3000, 20, lab.Set{"skip": true, "identity": 0, "cycle": 5, "resize": true, "content": 3, "width": 16}, "content"),
		trained("pix2pix", 6000, 50, lab.Set{"skip": true}),
		trained("pix2pix", 3000, 30, lab.Set{"skip": true, "l1": 1000, "resize": true}, "resize"),
		trained("pix2pix", 3000, 30, lab.Set{"skip": true, "l1": 1000, "resize": true, "perceptual": 100}, "perceptual"),
	},
	Metrics: []string{"feature-distance", "l1", "ssim", "cycle-l1", "class-preserved"},
	Full:    Budget{Seeds: 3},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 48}},
	Doc: `How near do translations of Google's drawings come to Twitter's drawings of the same characters, which are
hidden from all but pix2pix? cyclegan learns from the two sets without pairs, pix2pix from true ones: what
it reaches is what pairs are worth. Both add to the picture that they are given (skip): drawing it anew, with their norm by instance,
they forget how bright it was. "freer" has half the weight of the cycle and none of the identity; "content" asks in its place that a translation look to SqueezeNet
like its source, and, as "resize", repeats pixels where the papers have a transposed convolution. "perceptual" learns, besides, to look to
SqueezeNet like the partner. That network also measures feature-distance: to these two the measure is no stranger, on other characters.
The characters of the test set are in neither training set, nor are their variants.
No published number is set beside these: the papers' data and scores are others.`,
}
