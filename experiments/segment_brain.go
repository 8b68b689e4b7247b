package experiments

import "darkroom/lib/lab"

// segmentBrain compares ways to tell grey and white matter apart in slices of a brain.
var segmentBrain = Comparison{
	Name:  "segment-brain",
	Title: "Grey and white matter of held-out blocks of a brain's slices",
	Task:  "segment:brain",
	Entries: []Entry{
		{Method: "otsu"},
		{Method: "kmeans"},
		fcn("32s"), fcn("16s"), fcn("8s"),
		{Method: "unet", Set: lab.Set{"patch": 96, "batch": 8, "width": 16}, Trained: true, Steps: 600, QuickSteps: 15},
	},
	Metrics: []string{"iou", "iou-grey-matter", "iou-white-matter", "dice", "accuracy", "boundary-f"},
	Full:    Budget{Seeds: 3},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 4}},
	Doc: `How well are grey and white matter told from the rest, from the T1 picture alone? The masks are the template's own maps of
tissue, of which a voxel's larger share decides; blocks of 16 slices train, blocks of 8 test, and 5 slices between two blocks are left out,
since neighbours are nearly alike. otsu and kmeans see how bright a pixel is and not where it is. Each measure is of one slice, then the
mean; intersection over union and Dice are means over the three regions. There are no published numbers of this split.`,
}

// fcn is a network with 1/32, 1/16 or 1/8 of the picture's resolution.
func fcn(form string) Entry {
	return Entry{Name: "fcn-" + form, Method: "fcn", Set: lab.Set{"patch": 96, "batch": 8, "form": form}, Trained: true, Steps: 600, QuickSteps: 15}
}
