package plots

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"darkroom/lib/health"
	"darkroom/lib/lab"
)

// LiveView follows a run while it goes on: it collects the run's events and draws their curves, the step, the speed and
// the time left. Its methods may be called from several goroutines.
//
// In a notebook cell, pass Watch as the watcher of a run, and call Done after it. A process that serves a notebook calls
// Add for each event, sends HTML along whenever Due says so, and after the run calls Finish and sends HTML once more.
type LiveView struct {
	title string
	id    string // of the notebook's output block; empty until it is first shown
	now   func() time.Time

	mu      sync.Mutex
	series  map[string]*lab.Series
	last    lab.Event // step, speed and time left of the latest event
	stage   string
	note    string
	drawn   time.Time // when HTML was last due
	done    bool
	changed bool
	samples []lab.Image // of the run so far
	drawnAt int         // the step at which they were drawn
}

// interval is the shortest time between two drawings.
const interval = 500 * time.Millisecond

// Live returns a live view with a title and no events.
func Live(title string) *LiveView {
	return &LiveView{title: title, now: time.Now, series: map[string]*lab.Series{}}
}

// Add takes in an event, and draws nothing.
func (v *LiveView) Add(e lab.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for name, y := range e.Values {
		s := v.series[name]
		if s == nil {
			s = &lab.Series{Name: name}
			v.series[name] = s
		}
		extend(s, float64(e.Step), y)
	}
	if e.Stage != "" && e.Stage != v.stage {
		v.stage, v.note = e.Stage, ""
		v.drawn = time.Time{} // a new stage is worth showing at once
	}
	if e.Note != "" {
		v.note = e.Note
	}
	if len(e.Values) > 0 || e.Step >= v.last.Step {
		if e.Steps == 0 {
			e.Steps = v.last.Steps
		}
		if e.PerSecond == 0 {
			e.PerSecond = v.last.PerSecond
		}
		v.last = e
	}
	v.changed = true
}

// Samples shows images, as the run draws them after so many steps, until it is over.
func (v *LiveView) Samples(step int, images []lab.Image) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.samples, v.drawnAt, v.changed = images, step, true
}

// Due says whether there is something new and the last time it said so is half a second ago.
func (v *LiveView) Due() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	if !v.changed || now.Sub(v.drawn) < interval {
		return false
	}
	v.drawn, v.changed = now, false
	return true
}

// Watch takes in an event and, in a notebook, updates the view under the cell at most twice a second.
func (v *LiveView) Watch(e lab.Event) {
	v.Add(e)
	if gonbui.IsNotebook && v.Due() {
		v.display()
	}
}

// Finish says that the run is over, and draws nothing: from now on HTML leaves out the bar, the time left and the samples, and is in the
// form that a notebook keeps.
func (v *LiveView) Finish() {
	v.mu.Lock()
	v.done = true
	v.mu.Unlock()
}

// Done finishes the view and, in a notebook, draws it a last time.
func (v *LiveView) Done() {
	v.Finish()
	if gonbui.IsNotebook {
		v.display()
		flush()
	}
}

func (v *LiveView) display() {
	page := v.HTML()
	v.mu.Lock()
	if v.id == "" {
		v.id = "darkroom-live-" + gonbui.UniqueId()
	}
	id := v.id
	v.mu.Unlock()
	gonbui.UpdateHTML(id, page)
}

// extend adds a point to a series. Points at its step and after it, which a run that was resumed says again, are dropped;
// a series of very many points loses every second one, so that a long run draws as fast as a short one.
func extend(s *lab.Series, x, y float64) {
	n := len(s.X)
	for n > 0 && s.X[n-1] >= x {
		n--
	}
	s.X, s.Y = append(s.X[:n], x), append(s.Y[:n], y)
	if len(s.X) < 8192 {
		return
	}
	for i := range len(s.X) / 2 {
		s.X[i], s.Y[i] = s.X[2*i+1], s.Y[2*i+1]
	}
	s.X, s.Y = s.X[:len(s.X)/2], s.Y[:len(s.Y)/2]
}

// Curves returns what the events say so far, in the order of lab.CurvesOf, at most some thousand points of each scalar.
func (v *LiveView) Curves() lab.Curves {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make(lab.Curves, 0, len(v.series))
	for _, s := range v.series {
		out = append(out, lab.Series{Name: s.Name, X: slices.Clone(s.X), Y: slices.Clone(s.Y)})
	}
	slices.SortFunc(out, func(a, b lab.Series) int {
		if (a.Name == "loss") != (b.Name == "loss") {
			if a.Name == "loss" {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// HTML draws the view as a piece of a page. It follows the page from light to dark.
func (v *LiveView) HTML() string {
	curves := v.Curves()
	v.mu.Lock()
	title, line, done := v.title, v.line(), v.done
	share, samples, drawnAt := v.share(), v.samples, v.drawnAt
	v.mu.Unlock()
	var b strings.Builder
	b.WriteString(`<div style="font-family:'Liberation Sans',Arimo,Arial,Helvetica,sans-serif;width:fit-content;min-width:480px">`)
	fmt.Fprintf(&b, `<div style="display:flex;justify-content:space-between;gap:1em;font-size:13px;padding:4px 9px">`+
		`<b>%s</b><span style="opacity:.75;font-variant-numeric:tabular-nums">%s</span></div>`,
		html.EscapeString(title), html.EscapeString(line))
	if !done && share >= 0 {
		fmt.Fprintf(&b, `<div role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="%.0f" `+
			`style="height:4px;margin:2px 9px;border-radius:2px;background:rgba(127,127,127,.25)">`+
			`<div style="height:4px;border-radius:2px;background:#2288c8;width:%.1f%%"></div></div>`, 100*share, 100*share)
	}
	if len(curves) > 0 {
		draw := inline
		if done {
			draw = HTML
		}
		if svg, err := draw(Lines(curves, func(o *options) { o.light = !done && len(curves) > 12 })); err == nil { // curves without a finite point are no reason to stop a run
			b.WriteString(svg)
		}
	}
	if !done && len(samples) > 0 {
		if page, err := HTML(Grid(samples, Columns(len(samples)))); err == nil {
			fmt.Fprintf(&b, `<div style="font-size:13px;padding:2px 9px">samples at step %s<br>%s</div>`, thousands(drawnAt), page)
		}
	}
	for _, verdict := range health.Check(health.Run{Curves: curves}) {
		fmt.Fprintf(&b, `<div style="font-size:13px;padding:2px 9px;max-width:60em"><b>health</b>: %s</div>`, html.EscapeString(verdict.Line))
	}
	b.WriteString("</div>")
	return b.String()
}

// Text writes the view as a line for a terminal: step, loss with a sparkline, speed and time left.
func (v *LiveView) Text() string {
	curves := v.Curves()
	v.mu.Lock()
	line := v.line()
	v.mu.Unlock()
	if len(curves) == 0 {
		return line
	}
	s := curves[0]
	_, last := ends(s.Y)
	return fmt.Sprintf("%s · %s %s %s", line, s.Name, Spark(s.Y, 20), number(last, 4))
}

// share is the part of the steps that is done, or -1 if the number of steps is unknown.
func (v *LiveView) share() float64 {
	if v.last.Steps <= 0 {
		return -1
	}
	return math.Min(1, float64(v.last.Step)/float64(v.last.Steps))
}

// line says in words how far the run is. The caller holds mu.
func (v *LiveView) line() string {
	var parts []string
	if v.stage != "" && v.stage != "train" {
		parts = append(parts, v.stage)
	}
	if e := v.last; e.Steps > 0 {
		parts = append(parts, fmt.Sprintf("step %s of %s", thousands(e.Step), thousands(e.Steps)))
	} else if e.Step > 0 {
		parts = append(parts, "step "+thousands(e.Step))
	}
	if v.last.PerSecond > 0 {
		parts = append(parts, number(v.last.PerSecond, 3)+" images/s")
	}
	switch {
	case v.done && v.last.Elapsed > 0:
		parts = append(parts, "took "+duration(v.last.Elapsed))
	case !v.done && v.last.Left > 0:
		parts = append(parts, duration(v.last.Left)+" left")
	}
	if v.note != "" && !(v.done && v.stage == "evaluate") { // which picture came last says nothing of the whole
		parts = append(parts, v.note)
	}
	return strings.Join(parts, " · ")
}

// thousands writes n with a thin space between groups of three digits, from five digits on.
func thousands(n int) string {
	s := fmt.Sprint(n)
	if len(s) < 5 || n < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteRune('\u202f')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// duration writes a time for people: "45 s", "2 min 05 s", "3 h 12 min".
func duration(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%d h %02d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %02d s", m, s)
	default:
		return fmt.Sprintf("%d s", max(s, 1))
	}
}
