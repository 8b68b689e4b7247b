package experiments_test

import (
	"fmt"

	"darkroom/experiments"
)

func ExampleLookup() {
	c, err := experiments.Lookup("superres2-naturals")
	if err != nil {
		panic(err)
	}
	fmt.Println(c.Title)
	for _, spec := range c.Specs(2, false) {
		fmt.Println(spec.Method, spec.Task, "seed", spec.Seed)
	}
	// Output:
	// Natural pictures enlarged ×2
	// bicubic restore:superres2:naturals seed 0
	// tv restore:superres2:naturals seed 0
	// srcnn restore:superres2:naturals seed 0
	// srcnn restore:superres2:naturals seed 1
	// espcn restore:superres2:naturals seed 0
	// espcn restore:superres2:naturals seed 1
	// vdsr restore:superres2:naturals seed 0
	// vdsr restore:superres2:naturals seed 1
}

func ExampleLookup_unknown() {
	_, err := experiments.Lookup("denoise-natural")
	fmt.Println(err)
	// Output:
	// unknown comparison "denoise-natural" (did you mean "denoise-naturals"?); `darkroom list comparisons` shows them all
}
