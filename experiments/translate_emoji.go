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
		once(trained("cyclegan", 10_000, 20, lab.Set{"skip": true})),
		once(trained("cyclegan", 10_000, 20, lab.Set{"skip": true, "identity": 0, "cycle": 5}, "freer")),
		once(trained("pix2pix", 6000, 50, lab.Set{"skip": true})),
		once(trained("pix2pix", 3000, 30, lab.Set{"skip": true, "l1": 1000, "resize": true}, "resize")),
		{Method: "registration"}, // each of the last three is compared with the row before it
		trained("cyclegan", 2500, 20, lab.Set{
			"skip": true, "identity": 0, "cycle": 1, "content": 0.3, "resize": true, "register": true, "width": 16, "learning-rate": 0.0005,
		}, "register"),
		once(trained("pix2pix", 3000, 30, lab.Set{"skip": true, "l1": 1000, "resize": true, "perceptual": 100}, "perceptual")),
	},
	Metrics: []string{"feature-distance", "l1", "ssim", "cycle-l1", "class-preserved"},
	Full:    Budget{Seeds: 3},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 48}},
	Doc: `How near do translations of Google's drawings come to Twitter's drawings of the same characters, which are
hidden from all but pix2pix? cyclegan learns from the two sets without pairs, pix2pix from true ones: what
it reaches is what pairs are worth. Both add to the picture that they are given (skip): drawing it anew, with their norm by instance,
they forget how bright it was. "freer" has half the weight of the cycle and none of the identity.

Google's drawings have a margin that Twitter's lack: registration enlarges them, by the mean pictures of the two sets, and does nothing else. "register"
is cyclegan between pictures brought so to one frame: what it gains over registration is the network's. It asks, in place of the identity, that a
translation look to SqueezeNet like its source (content), and, as "resize", repeats pixels where the papers have a transposed convolution; its weights
were chosen on training characters held out. "perceptual" learns, besides, to look to SqueezeNet like the partner. That network also measures
feature-distance: to these two the measure is no stranger, on other characters.

The characters of the test set are in neither training set, nor are their variants.
No published number is set beside these: the papers' data and scores are others.`,
}

// once has one seed, where a difference that one training shows on all pictures is large, or a training long.
func once(e Entry) Entry {
	e.Seeds = 1
	return e
}
