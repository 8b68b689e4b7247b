package experiments

import (
	"darkroom/lib/lab"
	"darkroom/lib/report"
)

// ganLosses asks what the loss of a GAN is worth when all else is the same.
var ganLosses = Comparison{
	Name:  "gan-losses",
	Title: "One network, all adversarial losses",
	Task:  "generate:mnist",
	Entries: []Entry{
		{Method: "replay"},
		{Method: "noise"},
		ganLoss("non-saturating", nil),
		ganLoss("minimax", nil),
		ganLoss("least-squares", nil),
		ganLoss("hinge", nil),
		ganLoss("wasserstein", lab.Set{"penalty": 10}),
		ganLoss("non-saturating", lab.Set{"r1": 10}),
	},
	Metrics: []string{"fid", "kid", "prdc-coverage", "coverage", "label-tv"},
	Full:    Budget{Seeds: 3, Eval: lab.Eval{Samples: 10_000}},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Samples: 500, Images: 500}},
	Published: []report.Published{
		lucic("non-saturating", 6.8, fashionNote), lucic("minimax", 9.8, fashionNote), lucic("least-squares", 7.8, fashionNote),
		lucic("wasserstein, penalty", 20.3, fashionNote),
	},
	Doc: `Every row has DCGAN's networks with layer norm in the discriminator, so that the gradient penalties are defined,
one update of the discriminator to one of the generator, and the same step size: only the loss differs, and what it needs.
The Wasserstein loss has a gradient penalty of weight 10, and usually five updates of its critic; here it has as many as the others.
The floor is training images (replay), the ceiling noise.`,
}

// ganLoss is a row for a loss, with what it needs.
func ganLoss(loss string, needs lab.Set) Entry {
	e := Entry{Name: loss, Method: "dcgan", Set: lab.Set{"width": 32, "norm": "layer", "loss": loss}, Trained: true, Steps: 5000, QuickSteps: 100}
	for k, v := range needs {
		e.Set[k] = v
		e.Name += ", " + k
	}
	return e
}
