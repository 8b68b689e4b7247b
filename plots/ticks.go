package plots

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// linearTicks marks about n round values: 1, 2 or 5 times a power of ten apart, or only whole numbers.
type linearTicks struct {
	n     int
	whole bool
}

// Ticks implements plot.Ticker.
func (l linearTicks) Ticks(low, high float64) []plot.Tick {
	span := high - low
	if !(span > 0) || math.IsInf(span, 0) {
		return []plot.Tick{{Value: low, Label: number(low, 3)}}
	}
	ideal := span / float64(l.n)
	power := math.Pow(10, math.Floor(math.Log10(ideal)))
	step := power
	for _, m := range []float64{2, 5, 10} {
		if math.Abs(math.Log(m*power/ideal)) < math.Abs(math.Log(step/ideal)) {
			step = m * power
		}
	}
	if l.whole {
		step = math.Max(step, 1)
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var out []plot.Tick
	for i := math.Ceil(low/step - 1e-9); i <= math.Floor(high/step+1e-9); i++ {
		v := i * step
		out = append(out, plot.Tick{Value: v, Label: tickLabel(v, math.Max(math.Abs(low), math.Abs(high)), decimals)})
	}
	return out
}

// withTicks returns the ticker with about n marks, 2 at least and 8 at most.
func withTicks(t plot.Ticker, n int) plot.Ticker {
	n = min(max(n, 2), 8)
	if l, ok := t.(linearTicks); ok {
		l.n = n
		return l
	}
	return logTicks{n}
}

// tickLabel writes v for an axis that reaches up to most: 20k rather than 20000, 2e-6 rather than 0.000002.
func tickLabel(v, most float64, decimals int) string {
	switch {
	case v == 0:
		return "0"
	case most >= 1e9 || most < 1e-4 || decimals > 6:
		return exponent(strconv.FormatFloat(v, 'g', 4, 64))
	case most >= 1e6:
		return minus(strconv.FormatFloat(v/1e6, 'f', -1, 64)) + "M"
	case most >= 1e4:
		return minus(strconv.FormatFloat(v/1e3, 'f', -1, 64)) + "k"
	default:
		return minus(strconv.FormatFloat(v, 'f', decimals, 64))
	}
}

// logTicks marks the powers of ten, with 2 and 5 between them when there are few, and unlabelled marks otherwise.
type logTicks struct{ n int }

// Ticks implements plot.Ticker.
func (l logTicks) Ticks(low, high float64) []plot.Tick {
	if low <= 0 || high <= low {
		return nil
	}
	from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	decades := math.Log10(high) - math.Log10(low)
	if decades < 0.7 {
		return linearTicks{n: l.n}.Ticks(low, high)
	}
	every := math.Max(1, math.Ceil(decades/float64(l.n)))
	var out []plot.Tick
	for e := from; e <= to; e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < low*(1-1e-9) || v > high*(1+1e-9) || (every > 1 && m > 1) {
				continue
			}
			t := plot.Tick{Value: v}
			between := decades < 2 && (m == 2 || m == 5)
			if m == 1 && math.Mod(e-from, every) == 0 || between {
				t.Label = logLabel(v, e)
			}
			out = append(out, t)
		}
	}
	return out
}

func logLabel(v, power float64) string {
	switch {
	case power < -4 || power >= 9:
		return exponent(strconv.FormatFloat(v, 'e', 0, 64))
	case power >= 6:
		return strconv.FormatFloat(v/1e6, 'f', -1, 64) + "M"
	case power >= 4:
		return strconv.FormatFloat(v/1e3, 'f', -1, 64) + "k"
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
}

// number writes v with the given number of significant digits.
func number(v float64, digits int) string {
	if math.IsNaN(v) {
		return "NaN"
	}
	if v != 0 && math.Abs(v) >= 1 && math.Abs(v) < 1e6 {
		whole := int(math.Floor(math.Log10(math.Abs(v)))) + 1
		return minus(strconv.FormatFloat(v, 'f', max(0, digits-whole), 64))
	}
	return exponent(strconv.FormatFloat(v, 'g', digits, 64))
}

// exponent writes 1e-07 as 1e−7.
func exponent(s string) string {
	return minus(strings.NewReplacer("e-0", "e-", "e+0", "e", "e+", "e").Replace(s))
}

// minus replaces the hyphen of a negative number by a minus sign.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// grid draws lines at the labelled ticks of the axes.
type grid struct {
	theme                Theme
	vertical, horizontal bool
}

// Plot implements plot.Plotter.
func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	line := draw.LineStyle{Color: g.theme.Grid, Width: 0.9 * px}
	if g.vertical {
		for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if at := x(t.Value); !t.IsMinor() && c.ContainsX(at) {
				c.StrokeLine2(line, at, c.Min.Y, at, c.Max.Y)
			}
		}
	}
	if g.horizontal {
		for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
			if at := y(t.Value); !t.IsMinor() && at > c.Min.Y+vg.Length(0.5) && at <= c.Max.Y+0.01 {
				c.StrokeLine2(line, c.Min.X, at, c.Max.X, at)
			}
		}
	}
}
