package experiments

import (
	"maps"

	"darkroom/lib/lab"
)

// translateEmoji compares methods with and without pairs at redrawing Google's emoji in Twitter's manner.
var translateEmoji = Comparison{
	Name:  "translate-emoji",
	Title: "Google's emoji in Twitter's manner",
	Task:  "translate:emoji",
	Entries: []Entry{
		{Method: "identity"},
		{Method: "color-transfer"},
		{Method: "registration"}, // from here on each is compared with the row before it
		once(trained("cyclegan", 2500, 20, with(lab.Set{"cycle": 5}, framedCycleGAN))),
		trained("cyclegan", 2500, 20, with(lab.Set{"cycle": 1, "content": 0.2}, projectedCycleGAN), "projected"),
		trained("cyclegan", 3500, 20, with(lab.Set{"enlarge": true, "learning-rate": 0.0005, "ratio": 1.5, "decay": 0.4}, fineCycleGAN), "enlarged"),
		once(trained("cyclegan", 5500, 20, fineCycleGAN, "fine")),
		once(trained("pix2pix", 2000, 30, with(lab.Set{"l1": 1000, "perceptual": 100}, framedPix2Pix), "perceptual")),
		once(trained("pix2pix", 6000, 30, with(lab.Set{
			"skip": false, "learning-rate": 0.0004, "l1": 100, "perceptual": 10, "dropout": 0, "norm": "none", "projected": true, "fine": true,
		}, framedPix2Pix), "fine")),
	},
	Metrics: []string{"feature-distance", "l1", "ssim", "fid", "kid", "cycle-l1", "class-preserved"},
	Full:    Budget{Seeds: 3},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 48}},
	Doc: `How near do translations of Google's drawings come to Twitter's drawings of the same characters, which are
hidden from all but pix2pix? cyclegan learns from the two sets without pairs, pix2pix from true ones. fid and kid ask the same of the
set as a whole, and need no pairs: are the translations drawn as Twitter's are?

Google's drawings have a margin that Twitter's lack: registration enlarges them, by the mean pictures of the two sets, and does nothing else. The networks
get pictures brought so to one frame (register) and add to them (skip), but for "pix2pix, fine", which draws all of it: what they gain over registration is
theirs. cyclegan has a quarter of the paper's width, or a little more, and no identity loss. "projected" judges what is drawn by SqueezeNet's features of it
beside its pixels (Sauer et al. 2021), its generators see how bright a picture is (norm none), and a translation has to look to SqueezeNet like its source
(content). "perceptual" learns to look to SqueezeNet like the partner. "fine" is projected, judges the surroundings of each pixel, too, draws by
U-Nets without norm, and learns for longer. "enlarged" is cyclegan's "fine" whose judges of surroundings see small differences of colours and of neighbours enlarged (enlarge),
with larger steps, and fewer. SqueezeNet also measures feature-distance, fid and kid, on other characters: to these rows
the three measures are no strangers. L1, SSIM and the classes know nothing of it.

The characters of the test set are in neither training set, nor are their variants.
No published number is set beside these: the papers' data and scores are others.`,
}

// The networks' common ground.
var (
	framedCycleGAN    = lab.Set{"skip": true, "identity": 0, "resize": true, "register": true, "width": 16}
	projectedCycleGAN = with(lab.Set{"projected": true, "norm": "none", "ratio": 3, "average": 0.99}, framedCycleGAN)
	fineCycleGAN      = with(lab.Set{"cycle": 0.5, "content": 0.1, "generator": "unet", "width": 24, "fine": true}, projectedCycleGAN)
	framedPix2Pix     = lab.Set{"skip": true, "resize": true, "register": true, "average": 0.99, "learning-rate": 0.0006}
)

// with is a set of parameters and those of another that it does not name.
func with(set, others lab.Set) lab.Set {
	all := maps.Clone(others)
	maps.Copy(all, set)
	return all
}

// once has one seed, where a difference that one training shows on all pictures is large, or a training long.
func once(e Entry) Entry {
	e.Seeds = 1
	return e
}
