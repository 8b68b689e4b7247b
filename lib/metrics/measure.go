package metrics

import (
	"fmt"
	"math"
	"slices"

	"darkroom/lib/lab"
)

// Measure compares a picture with the true one. Of returns one number, which is always finite; its error names
// what does not fit: sizes that differ, a picture that is too small, a pixel that is not a finite number.
type Measure struct {
	Name     string // "psnr": the key in lab.Result.Metrics
	Unit     string // "dB", or empty
	Better   string // "higher" or "lower"
	Protocol string // everything that another laboratory must know to get the same number
	Of       func(truth, x lab.Image) (float64, error)
}

// Measures lists the full-reference measures with their default protocols, in the order in which they are shown.
func Measures() []Measure {
	return []Measure{
		PSNRMeasure(Options{}), SSIMMeasure(Options{}), UniformSSIMMeasure(Options{}), MultiScaleSSIMMeasure(Options{}),
		MSEMeasure(Options{}), NRMSEMeasure(Options{}), L1Measure(Options{}),
	}
}

// Lookup returns the measure with the given name from Measures. The error suggests the nearest name.
func Lookup(name string) (Measure, error) {
	var known []string
	for _, m := range Measures() {
		if m.Name == name {
			return m, nil
		}
		known = append(known, m.Name)
	}
	return Measure{}, fmt.Errorf("unknown measure %q%s; known are %v", name, lab.Suggest(name, known), known)
}

// Options change what a measure looks at. The zero value measures every pixel and every channel, and a value outside
// [0, 1] counts as it is. Papers on super-resolution measure with {Round: true, Luma: true, Border: factor}.
type Options struct {
	// Clip clips both pictures to [0, 1] first.
	Clip bool
	// Round clips and rounds both pictures to 8 bits first, and the luma, too, as a paper does that measures files.
	Round bool
	// Border is how many pixels are left out at each side, as papers on super-resolution do.
	Border int
	// Luma measures only the luma Y' of ITU-R BT.601 in studio range, 16/255 to 235/255, as MATLAB's rgb2ycbcr and
	// scikit-image's make it. Grey pictures are left as they are.
	Luma bool
}

func (o Options) protocol() string {
	channels, border := "all channels", "no border"
	if o.Luma {
		channels = "luma (BT.601, 16 to 235) of RGB"
	}
	if o.Border > 0 {
		border = fmt.Sprintf("border of %d left out", o.Border)
	}
	clip := "unclipped"
	switch {
	case o.Round:
		clip = "rounded to 8 bits"
	case o.Clip:
		clip = "clipped to [0, 1]"
	}
	return channels + ", range 1, " + border + ", " + clip
}

// apply checks the pair and returns it as the options want it.
func (o Options) apply(truth, x lab.Image) (lab.Image, lab.Image, error) {
	if truth.Height != x.Height || truth.Width != x.Width || truth.Channels != x.Channels {
		return truth, x, fmt.Errorf("the pictures differ in size: truth is %s, the other %s; crop or resize one of them",
			size(truth), size(x))
	}
	for _, im := range []lab.Image{truth, x} {
		if im.Channels != 1 && im.Channels != 3 {
			return truth, x, fmt.Errorf("the picture has %d channels; 1 (grey) or 3 (RGB) can be measured", im.Channels)
		}
		if n := im.Height * im.Width * im.Channels; n == 0 || n != len(im.Pix) {
			return truth, x, fmt.Errorf("the picture says %s but holds %d values; it needs %d, and at least one",
				size(im), len(im.Pix), n)
		}
	}
	if o.Border < 0 || 2*o.Border >= min(truth.Height, truth.Width) {
		return truth, x, fmt.Errorf("a border of %d leaves nothing of %s; give one from 0 to %d",
			o.Border, size(truth), (min(truth.Height, truth.Width)-1)/2)
	}
	var err error
	if truth, err = o.view("truth", truth); err == nil {
		x, err = o.view("the other picture", x)
	}
	return truth, x, err
}

func (o Options) view(which string, im lab.Image) (lab.Image, error) {
	for i, v := range im.Pix {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			pixel := i / im.Channels
			return im, fmt.Errorf("%s (%s) is %v at row %d, column %d: "+
				"only finite pixels can be measured; look at the method that made it",
				which, size(im), v, pixel/im.Width, pixel%im.Width)
		}
	}
	beyond := func(v float32) bool { return v < 0 || v > 1 }
	if o.Round || o.Clip && slices.ContainsFunc(im.Pix, beyond) {
		clipped := lab.NewImage(im.Height, im.Width, im.Channels)
		for i, v := range im.Pix {
			clipped.Pix[i] = o.round(min(max(v, 0), 1))
		}
		im = clipped
	}
	if b := o.Border; b > 0 {
		im = im.Crop(b, b, im.Height-2*b, im.Width-2*b)
	}
	if o.Luma && im.Channels == 3 {
		y := lab.NewImage(im.Height, im.Width, 1)
		for i := range y.Pix {
			r, g, b := float64(im.Pix[3*i]), float64(im.Pix[3*i+1]), float64(im.Pix[3*i+2])
			y.Pix[i] = o.round(float32((16 + 65.481*r + 128.553*g + 24.966*b) / 255))
		}
		im = y
	}
	return im, nil
}

// round is v, rounded to 8 bits where that is asked for.
func (o Options) round(v float32) float32 {
	if !o.Round {
		return v
	}
	return float32(math.Floor(float64(v)*255+0.5) / 255)
}

// size writes height×width×channels.
func size(im lab.Image) string { return fmt.Sprintf("%d×%d×%d", im.Height, im.Width, im.Channels) }
