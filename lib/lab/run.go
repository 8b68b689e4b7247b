package lab

import (
	"context"
	"fmt"
	"html"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// Run is a finished run in hand: what it measured, its curves, and samples on request.
type Run struct {
	Result
	curves Curves
	lab    Lab
}

// Default is the Lab that MustRun asks. In a notebook's cell it is the darkroom process; a program that links the engine may set
// it to one of its own.
var Default Lab = Remote{}

// Do carries out a spec by the Default lab, goes on with it, or returns it at once if it is complete.
func Do(ctx context.Context, s Spec) (*Run, error) {
	return collect(Default, func(watch func(Event)) (*Result, error) { return Default.Run(ctx, s, watch) })
}

// collect makes a Run of a result and of the scalars of the events before it.
func collect(l Lab, do func(watch func(Event)) (*Result, error)) (*Run, error) {
	var events []Event
	result, err := do(func(e Event) {
		if e.Values != nil {
			events = append(events, e)
		}
	})
	if err != nil {
		return nil, err
	}
	return &Run{*result, CurvesOf(events), l}, nil
}

// MustRun is Do for a notebook's cell: an interrupt stops the training at the next step, after a checkpoint, and an error ends the cell with
// its message. When the kernel restarts or the cell is killed, the training goes on: the same call shows it again. See Start for trainings
// that an interrupt leaves alone.
func MustRun(s Spec) *Run {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r, err := Do(ctx, s)
	if err != nil {
		fail(err)
	}
	return r
}

// fail ends a cell with a message and no stack.
func fail(err error) {
	_, _ = fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Curves are the run's scalars over its steps.
func (r *Run) Curves() Curves { return r.curves }

// Samples draws n images with seed 0. An error ends the program with its message; see Sample.
func (r *Run) Samples(n int) []Image {
	images, err := r.Sample(context.Background(), Draw{N: n})
	if err != nil {
		fail(err)
	}
	return images
}

// Sample draws images from the trained generator.
func (r *Run) Sample(ctx context.Context, d Draw) ([]Image, error) {
	return r.lab.Sample(ctx, r.Dir, d)
}

// MustCompare carries out a comparison of the catalogue and returns its table, which plots.Show shows. quick takes small budgets.
func MustCompare(name string, seeds int, quick bool) HTML {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	remote, ok := Default.(Remote)
	if !ok {
		remote = Remote{}
	}
	table, err := remote.Compare(ctx, name, seeds, quick)
	if err != nil {
		fail(err)
	}
	return HTML(table)
}

// HTML is text that plots.Show shows as it is.
type HTML string

// HTML returns the text.
func (h HTML) HTML() string { return string(h) }

// String is what the run measured, a line each.
func (r *Run) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s, seed %d, run %.12s\n", r.Spec.Method, r.Spec.Task, r.Spec.Seed, r.Hash)
	for _, n := range r.metricNames() {
		m := r.Metrics[n]
		fmt.Fprintf(&b, "  %s = %.4g %s (%s)\n", n, m.Value, m.Unit, m.Protocol)
	}
	for _, v := range r.Health {
		fmt.Fprintf(&b, "  health: %s\n", v.Line)
	}
	return b.String()
}

// HTML is what the run measured, as a table.
func (r *Run) HTML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<table><caption>%s on %s, seed %d, run <code>%.12s</code></caption>", html.EscapeString(r.Spec.Method), html.EscapeString(r.Spec.Task), r.Spec.Seed, r.Hash)
	for _, n := range r.metricNames() {
		m := r.Metrics[n]
		fmt.Fprintf(&b, "<tr><th>%s</th><td>%.4g %s</td><td style=\"text-align:left\">%s</td></tr>", html.EscapeString(n), m.Value, m.Unit, html.EscapeString(m.Protocol))
	}
	b.WriteString("</table>")
	for _, v := range r.Health {
		fmt.Fprintf(&b, "<p><b>health</b>: %s</p>", html.EscapeString(v.Line))
	}
	return b.String()
}

func (r *Run) metricNames() []string {
	var names []string
	for n := range r.Metrics {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
