package experiments

import (
	"fmt"
	"maps"

	"darkroom/lib/lab"
	"darkroom/lib/report"
)

// Comparison is a task, the methods to compare on it, and what to look at.
type Comparison struct {
	Name    string   `json:"name"`  // as on the command line: "denoise-naturals"
	Title   string   `json:"title"` // for people
	Task    string   `json:"task"`
	Entries []Entry  `json:"entries"` // the rows; differences are against the first
	Metrics []string `json:"metrics"` // the columns
	Full    Budget   `json:"full"`    // what --record should be made with
	Quick   Budget   `json:"quick"`   // small, for a look and for CI; its numbers mean little

	// Published holds numbers from papers; Method in them is a row's name.
	Published []report.Published `json:"published,omitempty"`
	// Curve, if not nil, is a figure of two measures against each other.
	Curve *Curve `json:"curve,omitempty"`
	// Doc says what is asked, why, and how the protocol differs from the paper's.
	Doc string `json:"doc"`
}

// Curve is two measures of every row against each other, those of one method joined.
type Curve struct {
	Name     string `json:"name"` // of the file
	X        string `json:"x"`    // metrics
	Y        string `json:"y"`
	XLabel   string `json:"x_label"`
	YLabel   string `json:"y_label"`
	Negative bool   `json:"negative,omitempty"` // draw −Y
}

// Budget is how much a comparison may cost. All methods are measured alike.
type Budget struct {
	Seeds int      `json:"seeds"` // how many, for the entries with Trained; they are numbered from 0
	Eval  lab.Eval `json:"eval"`
}

// Entry is one row.
type Entry struct {
	Name       string  `json:"name,omitempty"` // of the row; empty means Method
	Method     string  `json:"method"`
	Set        lab.Set `json:"set,omitempty"`   // parameters that differ from the method's defaults
	Trained    bool    `json:"trained"`         // chance is in it: it runs with several seeds; without, with seed 0 only
	Seeds      int     `json:"seeds,omitempty"` // at most, for a training too long for more; 0 for as many as the budget has
	Steps      int     `json:"steps,omitempty"`
	QuickSteps int     `json:"quick_steps,omitempty"`
	Slow       bool    `json:"slow,omitempty"` // left out of the quick budget
	From       *From   `json:"from,omitempty"` // what it takes its weights from; nil if it has its own
}

// From is a run that is made first, on a task of its own, with the seed of the entry that takes its weights.
type From struct {
	Method     string  `json:"method"`
	Task       string  `json:"task"`
	Set        lab.Set `json:"set,omitempty"`
	Steps      int     `json:"steps,omitempty"`
	QuickSteps int     `json:"quick_steps,omitempty"`
}

// Row is the name of the entry's row.
func (e Entry) Row() string {
	if e.Name != "" {
		return e.Name
	}
	return e.Method
}

// Catalogue lists the comparisons in the order in which they are shown.
func Catalogue() []Comparison {
	return []Comparison{
		vaeMNIST, dcganMNIST, generateFashion, ganLosses, betaVAE, translateEmoji,
		denoiseNaturals(25), denoiseNaturals(15), denoiseNaturals(50), superresNaturals(2), superresNaturals(3), superresNaturals(4),
		inpaintNaturals, deblurNaturals, priors, segmentBrain,
	}
}

// Lookup returns the comparison with the given name. The error suggests the nearest name.
func Lookup(name string) (Comparison, error) {
	var known []string
	for _, c := range Catalogue() {
		if c.Name == name {
			return c, nil
		}
		known = append(known, c.Name)
	}
	return Comparison{}, fmt.Errorf("unknown comparison %q%s; `darkroom list comparisons` shows them all",
		name, lab.Suggest(name, known))
}

// Budget returns the quick or the full budget; seeds, if over 0, is how many seeds there are instead.
func (c Comparison) Budget(seeds int, quick bool) Budget {
	b := c.Full
	if quick {
		b = c.Quick
	}
	if seeds > 0 {
		b.Seeds = seeds
	}
	return b
}

// Specs lists every run that the comparison needs: row by row, in each the seeds in order, each after the run that it takes its weights
// from, whose name is not known yet. seeds 0 takes the budget's own.
func (c Comparison) Specs(seeds int, quick bool) []lab.Spec {
	var specs []lab.Spec
	b := c.Budget(seeds, quick)
	for _, e := range c.Entries {
		for _, s := range e.specs(c.Task, b, quick) {
			if e.From != nil {
				specs = append(specs, e.From.spec(s, quick))
			}
			specs = append(specs, s)
		}
	}
	return specs
}

func (e Entry) specs(task string, b Budget, quick bool) []lab.Spec {
	n, steps := 1, e.Steps
	if e.Trained {
		n = b.Seeds
	}
	if e.Seeds > 0 {
		n = min(n, e.Seeds)
	}
	if quick {
		steps = e.QuickSteps
	}
	if quick && e.Slow {
		return nil
	}
	if e.From != nil {
		steps = 0
	}
	var specs []lab.Spec
	for seed := range n {
		specs = append(specs, lab.Spec{
			Method: e.Method, Task: task, Seed: int64(seed), Steps: steps, Set: clone(e.Set), Eval: b.Eval,
		})
	}
	return specs
}

// spec is the run that s takes its weights from. It is measured as s is.
func (f From) spec(s lab.Spec, quick bool) lab.Spec {
	s.Method, s.Task, s.Set, s.Steps = f.Method, f.Task, clone(f.Set), f.Steps
	if quick {
		s.Steps = f.QuickSteps
	}
	return s
}

// clone is a copy of a set, nil if it is empty.
func clone(set lab.Set) lab.Set {
	if len(set) == 0 {
		return nil
	}
	return maps.Clone(set)
}
