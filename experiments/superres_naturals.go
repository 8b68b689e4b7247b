package experiments

import (
	"fmt"

	"darkroom/lib/lab"
)

// superresNaturals compares ways to enlarge natural pictures by a factor. All the factors' rows of vdsr are of the same weights, which learnt
// ×2, ×3 and ×4 together.
func superresNaturals(factor int) Comparison {
	task := fmt.Sprintf("restore:superres%d:naturals", factor)
	vdsr := Entry{Method: "vdsr", Set: vdsrSet, Trained: true, Steps: 9_000, QuickSteps: 20}
	if factor != 2 {
		vdsr.Set = nil
		vdsr.From = &From{Method: "vdsr", Task: "restore:superres2:naturals", Set: vdsrSet, Steps: 9_000, QuickSteps: 20}
	}
	return Comparison{
		Name:  fmt.Sprintf("superres%d-naturals", factor),
		Title: fmt.Sprintf("Natural pictures enlarged ×%d", factor),
		Task:  task,
		Entries: []Entry{
			{Method: "bicubic"},
			{Method: "tv"},
			{Method: "srcnn", Trained: true, QuickSteps: 20},
			{Method: "espcn", Trained: true, QuickSteps: 20},
			vdsr,
		},
		Metrics: []string{"psnr", "ssim"},
		Full:    Budget{Seeds: 3},
		Quick:   Budget{Seeds: 1, Eval: lab.Eval{Images: 1}},
		Doc: fmt.Sprintf(`How much more than bicubic enlargement do networks bring back of pictures that were made %d times smaller, as
MATLAB's imresize does it? PSNR and SSIM are of luma without a border left out; papers cut one of %d pixels off, and report Set5, Set14 and
BSD100, which are other pictures: so no published number is set beside these. vdsr is one network for ×2, ×3 and ×4, of 20 layers of 32
channels (the paper's: of 64), and trains within an hour on two cores; it alone learns from shrunken pictures, too, and from the roughest patch of four, by
the absolute error.`, factor, factor),
	}
}
