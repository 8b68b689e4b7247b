package plots

import "gonum.org/v1/plot/vg"

// Option changes how Lines, Compare and Bars draw.
type Option func(*options)

type options struct {
	title, xlabel, ylabel string
	logX, logY            bool
	smooth                float64 // weight of the moving average; negative lets the number of points choose
	band                  Band
	width, height         vg.Length
	names                 []string
	marks                 []mark
	light                 bool // no raw lines: a live view of many scalars is sent twice a second
}

// mark is a value with a name, drawn across the data.
type mark struct {
	value float64
	label string
}

func optionsOf(list []Option) options {
	o := options{xlabel: "step", smooth: -1}
	for _, set := range list {
		set(&o)
	}
	return o
}

// Title writes a title above the figure.
func Title(s string) Option { return func(o *options) { o.title = s } }

// XLabel names the horizontal axis, with its unit: "step" (the default of curves), "PSNR (dB)".
func XLabel(s string) Option { return func(o *options) { o.xlabel = s } }

// YLabel names the vertical axis, with its unit: "nats per image".
func YLabel(s string) Option { return func(o *options) { o.ylabel = s } }

// LogX makes the horizontal axis logarithmic. Points at zero or below are left out.
func LogX() Option { return func(o *options) { o.logX = true } }

// LogY makes the vertical axis logarithmic. Points at zero or below become gaps.
func LogY() Option { return func(o *options) { o.logY = true } }

// Smooth draws the exponential moving average with the given weight of the past, from 0 (none) to below 1, over the faint
// raw line. Without it, lines of 100 points and more are smoothed over about a hundredth of their length.
func Smooth(weight float64) Option {
	return func(o *options) { o.smooth = min(max(weight, 0), 0.9999) }
}

// Names draws only the scalars with these names, in this order.
func Names(names ...string) Option { return func(o *options) { o.names = names } }

// Size sets the width and height of the figure in CSS pixels (1/96 inch).
func Size(width, height float64) Option {
	return func(o *options) { o.width, o.height = vg.Length(width)*px, vg.Length(height)*px }
}

// Mark draws a dashed line at a value of the measured axis, such as a published number.
func Mark(value float64, label string) Option {
	return func(o *options) { o.marks = append(o.marks, mark{value, label}) }
}

// Band says what the band around the mean of several seeds shows.
type Band int

// The bands.
const (
	MinMax Band = iota // from the smallest to the largest seed
	CI95               // the 95 % confidence interval of the mean (Student's t)
)

// WithBand chooses the band around the mean of several seeds; MinMax is the default.
func WithBand(b Band) Option { return func(o *options) { o.band = b } }
