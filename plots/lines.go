package plots

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"darkroom/lib/lab"
)

// Run is the curves of one run under the label of what it is a run of. Runs with the same label are seeds of one thing.
type Run struct {
	Label  string
	Curves lab.Curves
}

// Lines draws the curves of one run over its steps. Scalars are grouped by the part of their name before "/", each group a
// panel of its own, so that dozens of them stay readable. NaN and infinite values are gaps.
func Lines(c lab.Curves, opts ...Option) Figure {
	return lines{runs: []Run{{Curves: c}}, options: optionsOf(opts)}
}

// Compare draws the curves of several runs, a panel for each scalar and a colour for each label. Where several runs have
// one label, they are seeds: their mean is drawn with a band around it (see WithBand).
func Compare(runs []Run, opts ...Option) Figure {
	return lines{runs: runs, options: optionsOf(opts)}
}

type lines struct {
	runs []Run
	options
}

// panel is one small chart; its curves are labelled in its own legend, or in the figure's.
type panel struct {
	title  string
	curves []curve
	legend bool
}

// curve is one line as it is drawn. Low and high, if there, bound a band around it; raw, if there, lies faintly behind.
type curve struct {
	label     string
	series    int // colour
	x, y      []float64
	raw       []float64
	low, high []float64
}

// most is how many lines share a panel at most.
const most = 6

// panels arranges the data. It returns the labels of the shared legend, if there is one, and a note about the drawing.
func (f lines) panels() (out []panel, legend []string, note string, err error) {
	if len(f.runs) == 0 {
		return nil, nil, "", fmt.Errorf("plots: lines: %w: no runs", ErrEmpty)
	}
	names := f.names
	if len(names) == 0 {
		for _, r := range f.runs {
			for _, s := range r.Curves {
				if !slices.Contains(names, s.Name) {
					names = append(names, s.Name)
				}
			}
		}
	}
	if len(names) == 0 {
		return nil, nil, "", fmt.Errorf("plots: lines: %w: the curves have no series", ErrEmpty)
	}
	var labels []string
	seeds := map[string]int{}
	for _, r := range f.runs {
		if !slices.Contains(labels, r.Label) {
			labels = append(labels, r.Label)
		}
		seeds[r.Label]++
	}
	several := len(f.runs) > 1 || labels[0] != ""
	notes := map[string]bool{}
	known := false
	for _, name := range names {
		var curves []curve
		for i, label := range labels {
			var found []lab.Series
			for _, r := range f.runs {
				if r.Label == label {
					found = append(found, r.Curves.Select(name)...)
				}
			}
			c, ok, err := f.curve(found, notes)
			if err != nil {
				return nil, nil, "", err
			}
			known = known || len(found) > 0
			if ok {
				c.label, c.series = label, i
				curves = append(curves, c)
			}
		}
		if len(curves) == 0 {
			continue
		}
		group, rest, grouped := strings.Cut(name, "/")
		switch last := len(out) - 1; {
		case several:
			out = append(out, panel{title: name, curves: curves})
		case !grouped:
			curves[0].label = ""
			out = append(out, panel{title: name, curves: curves})
		case last >= 0 && out[last].title == group && len(out[last].curves) < most && out[last].legend:
			curves[0].label, curves[0].series = rest, len(out[last].curves)
			out[last].curves = append(out[last].curves, curves...)
		default:
			curves[0].label = rest
			out = append(out, panel{title: group, curves: curves, legend: true})
		}
	}
	for i := range out { // a group of one needs no legend
		if p := &out[i]; p.legend && len(p.curves) == 1 {
			p.title, p.legend, p.curves[0].label = p.title+"/"+p.curves[0].label, false, ""
		}
	}
	if !known && len(f.names) > 0 {
		return nil, nil, "", fmt.Errorf("plots: lines: %w: no series is named %s", ErrEmpty, strings.Join(f.names, ", "))
	}
	if len(out) == 0 {
		return nil, nil, "", fmt.Errorf("plots: lines: %w (%s)", ErrNotFinite, strings.Join(names, ", "))
	}
	if several {
		for _, l := range labels {
			if seeds[l] > 1 {
				l = strings.TrimSpace(fmt.Sprintf("%s (%d seeds)", l, seeds[l]))
			}
			legend = append(legend, l)
		}
	}
	keys := make([]string, 0, len(notes))
	for n := range notes {
		keys = append(keys, n)
	}
	slices.Sort(keys)
	return out, legend, strings.Join(keys, "; "), nil
}

// curve makes one line of the seeds of a scalar; ok is false if nothing of it can be drawn.
func (f lines) curve(seeds []lab.Series, notes map[string]bool) (c curve, ok bool, err error) {
	smoothed := make([]lab.Series, len(seeds))
	for i, s := range seeds {
		if len(s.X) != len(s.Y) {
			return curve{}, false, fmt.Errorf("plots: lines: %w: %q has %d and %d", ErrSeries, s.Name, len(s.X), len(s.Y))
		}
		weight := f.smooth
		if weight < 0 {
			weight = automatic(len(s.X))
		}
		smoothed[i] = lab.Series{Name: s.Name, X: s.X, Y: ema(s.Y, weight)}
		if weight > 0 {
			notes[fmt.Sprintf("smoothed: moving average, weight %s", number(weight, 3))] = true
		}
	}
	switch len(seeds) {
	case 0:
		return curve{}, false, nil
	case 1:
		c = curve{x: seeds[0].X, y: smoothed[0].Y}
		if !f.light && !slices.EqualFunc(c.y, seeds[0].Y, func(a, b float64) bool { return a == b || a != a && b != b }) {
			c.raw = seeds[0].Y
		}
	default:
		c.x, c.y, c.low, c.high = band(smoothed, f.band)
		notes[map[Band]string{MinMax: "band: smallest to largest seed", CI95: "band: 95 % interval of the mean"}[f.band]] = true
	}
	for i := range c.x {
		ok = ok || f.drawable(c.x[i], c.y[i])
	}
	return c, ok, nil
}

// drawable says whether a point has a place on the axes.
func (f lines) drawable(x, y float64) bool {
	return finite(x) && finite(y) && (!f.logX || positive(x)) && (!f.logY || positive(y))
}

// finite says whether v can be drawn; beyond 1e300 the length of an axis is not finite.
func finite(v float64) bool { return math.Abs(v) <= 1e300 }

// positive says whether v has a place on a log axis, whose ends lie a little beyond the data and must not overflow.
func positive(v float64) bool { return v >= 1e-250 && v <= 1e250 }

// automatic is the weight that smooths n points over about n/100 of them, or not at all below 100.
func automatic(n int) float64 {
	if n < 100 {
		return 0
	}
	return math.Round(1000*math.Exp(-100/float64(n))) / 1000
}

// Alt implements Figure.
func (f lines) Alt() string {
	panels, legend, _, err := f.panels()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	if f.title != "" {
		b.WriteString(f.title + ": ")
	}
	fmt.Fprintf(&b, "curves over %s", f.xlabel)
	if len(legend) > 0 {
		b.WriteString(" of " + strings.Join(legend, ", "))
	}
	for i, p := range panels {
		if i == 6 {
			fmt.Fprintf(&b, "; and %d more", len(panels)-i)
			break
		}
		for _, c := range p.curves {
			first, last := ends(c.y)
			name := strings.TrimSuffix(p.title+" "+c.label, " ")
			if p.legend {
				name = p.title + "/" + c.label
			}
			fmt.Fprintf(&b, "; %s from %s to %s", name, number(first, 4), number(last, 4))
		}
	}
	return b.String()
}

// ends returns the first and the last finite value.
func ends(y []float64) (first, last float64) {
	first, last = math.NaN(), math.NaN()
	for _, v := range y {
		if finite(v) {
			if math.IsNaN(first) {
				first = v
			}
			last = v
		}
	}
	return first, last
}
