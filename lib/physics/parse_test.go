package physics_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"darkroom/lib/physics"
)

func TestParse(t *testing.T) {
	for name, want := range map[string]physics.Operator{
		"denoise1": physics.Noise{Deviation: 1.0 / 255}, "denoise255": physics.Noise{Deviation: 1},
		"denoise5-55": physics.Blind{Low: 5.0 / 255, High: 55.0 / 255},
		"poisson30":   physics.Poisson{Peak: 30}, "salt10": physics.Salt{Share: 0.1},
		"inpaint1": physics.Mask{Missing: 0.01}, "inpaint99": physics.Mask{Missing: 0.99},
		"box25": physics.Box{Side: 0.25}, "strokes10": physics.Strokes{Count: 10},
		"blocks20": physics.Blocks{Missing: 0.2, Side: 8}, "blocks20x16": physics.Blocks{Missing: 0.2, Side: 16},
		"text13": physics.Text{Size: 13}, "radon60": physics.Radon{Angles: 60},
		"gaussian2":          physics.Blur{Shape: physics.Gaussian, Size: 2},
		"gaussian1.25-valid": physics.Blur{Shape: physics.Gaussian, Size: 1.25, Valid: true},
		"motion9":            physics.Blur{Shape: physics.Motion, Size: 9},
		"motion9x30-valid":   physics.Blur{Shape: physics.Motion, Size: 9, Angle: 30, Valid: true},
		"disc2.5":            physics.Blur{Shape: physics.Disc, Size: 2.5},
		"superres3":          physics.Downsample{Factor: 3},
		"grey":               physics.Grey{},
		"jpeg10":             physics.JPEG{Quality: 10},
		"sensing25":          physics.Sensing{Share: 0.25, Side: 16}, "sensing10x32": physics.Sensing{Share: 0.1, Side: 32},
		"fourier25":  physics.Fourier{Share: 0.25},
		"hadamard25": physics.Hadamard{Share: 0.25, Side: 16}, "hadamard5x64": physics.Hadamard{Share: 0.05, Side: 64},
		"grey+jpeg10":        physics.With{Operator: physics.Grey{}, Noise: physics.JPEG{Quality: 10}},
		"poisson30+denoise5": physics.With{Operator: physics.Poisson{Peak: 30}, Noise: physics.Noise{Deviation: 5.0 / 255}},
		"disc2+poisson30+salt1": physics.With{
			Operator: physics.With{Operator: physics.Blur{Shape: physics.Disc, Size: 2}, Noise: physics.Poisson{Peak: 30}},
			Noise:    physics.Salt{Share: 0.01},
		},
	} {
		if got, err := physics.Parse(name); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	if s := (physics.Noise{Deviation: 25.0 / 255}).Sigma(); math.Abs(s-0.0980392) > 1e-7 {
		t.Errorf("σ of 25/255 is %g", s)
	}
	for name, want := range map[string]string{
		"":                            `unknown degradation "": use denoiseN`,
		"denoise":                     `(did you mean "denoise25"?)`,
		"inpant50":                    `(did you mean "inpaint50"?)`,
		"blur3":                       `unknown degradation "blur3": use denoiseN (Gaussian noise, σ = N/255)`,
		"denoise-5":                   `unknown degradation`,
		"denoise2.5":                  `unknown degradation`,
		"denoise025":                  `unknown degradation`,
		"gaussian2.0":                 `unknown degradation`,
		"superres2-valid":             `unknown degradation`,
		"Denoise25":                   `(did you mean "denoise25"?)`,
		"denoise0":                    `degradation "denoise0": σ must be 1 to 255`,
		"denoise256":                  `σ must be 1 to 255`,
		"denoise25-25":                `the largest σ must be 26 to 255`,
		"poisson0":                    `the photons at white must be 1 to 10000`,
		"salt100":                     `the share of salt and pepper, in %, must be 1 to 99`,
		"inpaint0":                    `the share of missing pixels must be 1 to 99 %`,
		"inpaint100":                  `the share of missing pixels must be 1 to 99 %`,
		"box95":                       `the side of the box, in % of the picture's, must be 1 to 90`,
		"strokes0":                    `the number of strokes must be 1 to 100`,
		"blocks0":                     `the share of missing blocks must be 1 to 99 %`,
		"blocks5x1":                   `the side of a block must be 2 to 256`,
		"gaussian0.1":                 `the blur's σ must be 0.3 to 20`,
		"motion1":                     `the motion's length must be 2 to 99`,
		"motion9x180":                 `the motion's angle must be 0 to 179`,
		"disc0":                       `the disc's radius must be 0.6 to 50`,
		"jpeg0":                       `the quality must be 1 to 100`,
		"jpeg101":                     `degradation "jpeg101": the quality must be 1 to 100`,
		"sensing0":                    `the share that is measured, in %, must be 1 to 99`,
		"sensing25x33":                `the side of a block must be 2 to 32`,
		"fourier100":                  `the share that is measured, in %, must be 1 to 99`,
		"hadamard25x12":               `degradation "hadamard25x12": the side of a block must be 2, 4, 8, 16, 32 or 64`,
		"text12":                      `the height of a line must be 13 to 200`,
		"radon0":                      `the number of projections must be 2 to 720`,
		"radon61":                     `degradation "radon61": the number of projections must be even; use 62`,
		"gray":                        `(did you mean "grey"?)`,
		"denoise5+grey":               `"grey" after + is no noise`,
		"superres1":                   `the factor must be 2 to 8`,
		"denoise99999999999999999999": `σ must be 1 to 255`,
		"superres2+":                  `degradation "superres2+": "" after + is no noise; use denoiseN`,
		"denoise5+inpaint50":          `"inpaint50" after + is no noise`,
		"superres2+denoise0":          `degradation "superres2+denoise0": σ must be 1 to 255`,
	} {
		if _, err := physics.Parse(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", name, err, want)
		}
	}
}

// TestDescribe: two operators never share a description, since the random numbers of a measurement come from it.
func TestDescribe(t *testing.T) {
	seen := map[string]string{}
	for _, name := range append(physics.Catalogue(), "denoise26", "denoise5-54", "poisson31", "salt11", "inpaint51", "box26", "strokes11", "blocks20x16",
		"blocks21", "gaussian1.7+denoise2", "gaussian1.6", "gaussian1.6-valid", "motion9x31+denoise2", "motion8x30+denoise2", "disc3+denoise2",
		"jpeg31", "sensing25", "sensing31x4", "fourier31+denoise2", "hadamard25", "hadamard26x4", "text14", "radon62") {
		op, err := physics.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if other := seen[op.Describe()]; other != "" {
			t.Errorf("%s and %s are both described as %q", name, other, op.Describe())
		}
		seen[op.Describe()] = name
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range append(physics.Catalogue(), "", "denoise0", "inpaint100", "denoise025", "denoise\n25", "σ25", "denoise5+denoise5", "+", "disc3.") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		op, err := physics.Parse(s)
		if (op == nil) == (err == nil) {
			t.Fatalf("%q: operator %v and error %v", s, op, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), fmt.Sprintf("%q", s)) {
				t.Errorf("the error does not name %q: %v", s, err)
			}
			return
		}
		if !(op.Sigma() >= 0 && op.Sigma() < 10) || op.Describe() == "" {
			t.Errorf("%q: σ = %g, described as %q", s, op.Sigma(), op.Describe())
		}
		switch o := op.(type) {
		case physics.Noise:
			if !(o.Deviation >= 1.0/255 && o.Deviation <= 1) {
				t.Errorf("%q: deviation %g", s, o.Deviation)
			}
		case physics.Mask:
			if !(o.Missing >= 0.01 && o.Missing <= 0.99) {
				t.Errorf("%q: share %g", s, o.Missing)
			}
		}
	})
}
