package physics

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"darkroom/lib/lab"
)

// Catalogue lists how operators are written, one example each.
func Catalogue() []string {
	return []string{
		"denoise25", "denoise5-55", "poisson30", "salt10", "jpeg30", "inpaint50", "box25", "strokes10", "blocks20", "text13",
		"gaussian1.6+denoise2", "motion9x30+denoise2", "disc3-valid+denoise2", "superres2", "grey",
		"sensing25x4", "fourier30+denoise2", "hadamard25x4", "radon12",
	}
}

// form is one way of writing an operator. The groups of the pattern become the arguments of make, missing ones being empty; its error says
// what would fit.
type form struct {
	pattern, usage string
	make           func(arg []string) (Operator, error)
}

const (
	whole   = `(0|[1-9][0-9]*)`
	decimal = `((?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?)`
)

var noises = []form{
	{"denoise" + whole + "(?:-" + whole + ")?", "denoiseN (Gaussian noise, σ = N/255), denoiseN-M (σ unknown, N to M)", func(a []string) (Operator, error) {
		low, err := number(a[0], 1, 255, "σ")
		if err != nil || a[1] == "" {
			return Noise{low / 255}, err
		}
		high, err := number(a[1], low+1, 255, "the largest σ")
		return Blind{Low: low / 255, High: high / 255}, err
	}},
	{"poisson" + whole, "poissonN (N photons at white)", func(a []string) (Operator, error) {
		n, err := number(a[0], 1, 10000, "the photons at white")
		return Poisson{Peak: int(n)}, err
	}},
	{"salt" + whole, "saltN (salt and pepper on N %)", func(a []string) (Operator, error) {
		n, err := number(a[0], 1, 99, "the share of salt and pepper, in %,")
		return Salt{Share: n / 100}, err
	}},
	{"jpeg" + whole, "jpegN (JPEG of quality N)", func(a []string) (Operator, error) {
		n, err := number(a[0], 1, 100, "the quality")
		return JPEG{Quality: int(n)}, err
	}},
}

var linear = []form{
	{"inpaint" + whole, "inpaintN (N % of the pixels missing)", func(a []string) (Operator, error) {
		n, err := share(a[0], "pixels")
		return Mask{Missing: n}, err
	}},
	{"box" + whole, "boxN (a box of N % of the sides missing)", func(a []string) (Operator, error) {
		n, err := number(a[0], 1, 90, "the side of the box, in % of the picture's,")
		return Box{Side: n / 100}, err
	}},
	{"strokes" + whole, "strokesN (N strokes missing)", func(a []string) (Operator, error) {
		n, err := number(a[0], 1, 100, "the number of strokes")
		return Strokes{Count: int(n)}, err
	}},
	{"blocks" + whole + "(?:x" + whole + ")?", "blocksN or blocksNxM (N % of the blocks of 8 or M pixels missing)", func(a []string) (Operator, error) {
		n, err := share(a[0], "blocks")
		side := 8.0
		if err == nil && a[1] != "" {
			side, err = number(a[1], 2, 256, "the side of a block")
		}
		return Blocks{Missing: n, Side: int(side)}, err
	}},
	{"text" + whole, "textN (what lies under text of N pixels a line missing)", func(a []string) (Operator, error) {
		n, err := number(a[0], 13, 200, "the height of a line")
		return Text{Size: int(n)}, err
	}},
	{"gaussian" + decimal + "(-valid)?", "gaussianN (blur of σ = N pixels)", func(a []string) (Operator, error) {
		n, err := number(a[0], 0.3, 20, "the blur's σ")
		return Blur{Shape: Gaussian, Size: n, Valid: a[1] != ""}, err
	}},
	{"motion" + whole + "(?:x" + whole + ")?(-valid)?", "motionN or motionNxA (blur along N pixels, at A degrees)", func(a []string) (Operator, error) {
		n, err := number(a[0], 2, 99, "the motion's length")
		angle := 0.0
		if err == nil && a[1] != "" {
			angle, err = number(a[1], 0, 179, "the motion's angle")
		}
		return Blur{Shape: Motion, Size: n, Angle: angle, Valid: a[2] != ""}, err
	}},
	{"disc" + decimal + "(-valid)?", "discN (blur by a disc of radius N)", func(a []string) (Operator, error) {
		n, err := number(a[0], 0.6, 50, "the disc's radius")
		return Blur{Shape: Disc, Size: n, Valid: a[1] != ""}, err
	}},
	{"superres" + whole, "superresN (N times smaller)", func(a []string) (Operator, error) {
		n, err := number(a[0], 2, 8, "the factor")
		return Downsample{Factor: int(n)}, err
	}},
	{"grey", "grey (the colours missing)", func([]string) (Operator, error) { return Grey{}, nil }},
	{"sensing" + whole + "(?:x" + whole + ")?", "sensingN or sensingNxM (N % as many Gaussian measurements as pixels, in blocks of 16 or M)", func(a []string) (Operator, error) {
		n, side, err := measured(a, func(side int) bool { return side >= 2 && side <= 32 }, "2 to 32")
		return Sensing{Share: n, Side: side}, err
	}},
	{"fourier" + whole, "fourierN (N % of the Fourier coefficients)", func(a []string) (Operator, error) {
		n, _, err := measured([]string{a[0], ""}, nil, "")
		return Fourier{Share: n}, err
	}},
	{"hadamard" + whole + "(?:x" + whole + ")?", "hadamardN or hadamardNxM (N % of the Hadamard coefficients, in blocks of 16 or M)", func(a []string) (Operator, error) {
		n, side, err := measured(a, func(side int) bool { return side >= 2 && side <= 64 && side&(side-1) == 0 }, "2, 4, 8, 16, 32 or 64")
		return Hadamard{Share: n, Side: side}, err
	}},
	{"radon" + whole, "radonN (tomography by N projections of a square picture)", func(a []string) (Operator, error) {
		n, err := number(a[0], 2, 720, "the number of projections")
		if err == nil && int(n)%2 != 0 {
			err = fmt.Errorf("the number of projections must be even; use %g", n+1)
		}
		return Radon{Angles: int(n)}, err
	}},
}

// Parse reads an operator's name: "denoise25" is Gaussian noise of σ = 25/255, "inpaint50" hides half of the pixels,
// "gaussian1.6+denoise2" blurs and then adds noise. The error names what does not fit, and lists what there is.
func Parse(name string) (Operator, error) {
	first, rest, more := strings.Cut(name, "+")
	op, err := parse(name, first, append(noises[:len(noises):len(noises)], linear...))
	if err != nil {
		return nil, err
	}
	for more {
		first, rest, more = strings.Cut(rest, "+")
		noise, err := parse(name, first, noises)
		if err != nil {
			return nil, err
		}
		op = With{op, noise}
	}
	return op, nil
}

// parse reads one part of a name.
func parse(name, part string, forms []form) (Operator, error) {
	var usage []string
	for _, f := range forms {
		if m := regexp.MustCompile("^" + f.pattern + "$").FindStringSubmatch(part); m != nil {
			op, err := f.make(m[1:])
			if err != nil {
				return nil, fmt.Errorf("degradation %q: %w", name, err)
			}
			return op, nil
		}
		usage = append(usage, f.usage)
	}
	if part != name && len(forms) == len(noises) {
		return nil, fmt.Errorf("degradation %q: %q after + is no noise; use %s", name, part, strings.Join(usage, ", "))
	}
	return nil, fmt.Errorf("unknown degradation %q%s: use %s; a blur may end in -valid, and +denoiseN, +poissonN, +saltN or +jpegN adds noise",
		name, lab.Suggest(name, Catalogue()), strings.Join(usage, ", "))
}

func number(text string, low, high float64, what string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || x < low || x > high {
		return 0, fmt.Errorf("%s must be %g to %g", what, low, high)
	}
	return x, nil
}

// measured reads the share of what is measured and the side of the blocks.
func measured(a []string, fits func(side int) bool, sides string) (n float64, side int, err error) {
	if n, err = number(a[0], 1, 99, "the share that is measured, in %,"); err != nil {
		return 0, 0, err
	}
	side = 16
	if a[1] != "" {
		if side, err = strconv.Atoi(a[1]); err != nil || !fits(side) {
			return 0, 0, fmt.Errorf("the side of a block must be %s", sides)
		}
	}
	return n / 100, side, nil
}

func share(text, of string) (float64, error) {
	n, err := number(text, 1, 99, "")
	if err != nil {
		return 0, fmt.Errorf("the share of missing %s must be 1 to 99 %%", of)
	}
	return n / 100, nil
}
