package experiments_test

import (
	"fmt"

	"darkroom/experiments"
)

func ExampleLookup() {
	c, err := experiments.Lookup("denoise-naturals")
	if err != nil {
		panic(err)
	}
	fmt.Println(c.Title)
	for _, spec := range c.Specs(2, false) {
		fmt.Println(spec.Method, spec.Task, "seed", spec.Seed)
	}
	// Output:
	// Denoising natural pictures, σ = 25
	// identity restore:denoise25:naturals seed 0
	// fista restore:denoise25:naturals seed 0
	// dncnn restore:denoise25:naturals seed 0
	// dncnn restore:denoise25:naturals seed 1
}

func ExampleLookup_unknown() {
	_, err := experiments.Lookup("denoise-natural")
	fmt.Println(err)
	// Output:
	// unknown comparison "denoise-natural" (did you mean "denoise-naturals"?); `darkroom list comparisons` shows them all
}
