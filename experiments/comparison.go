package experiments

import (
	"fmt"

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
	Set        lab.Set `json:"set,omitempty"` // parameters that differ from the method's defaults
	Trained    bool    `json:"trained"`       // chance is in it: it runs with several seeds; without, with seed 0 only
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
	return []Comparison{vaeMNIST, denoiseNaturals, dcganMNIST, ganLosses, translateEmoji, generateFashion, betaVAE}
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

// Specs lists every run that the comparison needs: row by row, in each the seeds in order. seeds 0 takes the
// budget's own.
func (c Comparison) Specs(seeds int, quick bool) []lab.Spec {
	var specs []lab.Spec
	b := c.Budget(seeds, quick)
	for _, e := range c.Entries {
		specs = append(specs, e.specs(c.Task, b, quick)...)
	}
	return specs
}

func (e Entry) specs(task string, b Budget, quick bool) []lab.Spec {
	n, steps := 1, e.Steps
	if e.Trained {
		n = b.Seeds
	}
	if quick {
		steps = e.QuickSteps
	}
	var specs []lab.Spec
	for seed := range n {
		set := lab.Set{}
		for k, v := range e.Set {
			set[k] = v
		}
		if len(set) == 0 {
			set = nil
		}
		specs = append(specs, lab.Spec{
			Method: e.Method, Task: task, Seed: int64(seed), Steps: steps, Set: set, Eval: b.Eval,
		})
	}
	return specs
}
