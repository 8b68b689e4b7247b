package experiments

import (
	"context"
	"errors"
	"fmt"

	"darkroom/lib/lab"
	"darkroom/lib/report"
)

// Options say how a comparison is carried out.
type Options struct {
	Seeds  int    // of the trained methods; 0 takes the comparison's own
	Quick  bool   // small budgets
	Runs   string // folder of run directories; empty means the default one
	Commit string // of the code, for the table
	// Watch, if not nil, sees every event of every run. The spec is as Specs lists it.
	Watch func(spec lab.Spec, e lab.Event)
}

// Run carries out a comparison's runs one after the other and makes its table. Runs that are complete are only
// read, so a second call costs nothing and one that was cut short goes on.
//
// A run that fails does not stop the others. The table then has what was finished, its notes say what is missing,
// and the error, which joins one error for each failed run, is not nil either. When ctx ends no further run is
// begun; the table has what was finished until then. The table is nil only where none can be made, as when two
// methods were measured unlike.
func Run(ctx context.Context, l lab.Lab, c Comparison, o Options) (*report.Table, error) {
	if o.Seeds < 0 {
		return nil, fmt.Errorf("comparison %s: %d seeds; give at least 1, or 0 for the comparison's own %d",
			c.Name, o.Seeds, c.Budget(0, o.Quick).Seeds)
	}
	var failed []error
	var notes []string
	var entries []report.Entry
	budget := c.Budget(o.Seeds, o.Quick)
	for _, e := range c.Entries {
		if o.Quick && e.Slow {
			continue
		}
		entry := report.Entry{Method: e.Row()}
		for _, spec := range e.specs(c.Task, budget, o.Quick) {
			if ctx.Err() != nil {
				break
			}
			result, err := runEntry(ctx, l, e, spec, o)
			if err != nil {
				failed = append(failed, fmt.Errorf("comparison %s: %s on %s with seed %d: %w",
					c.Name, e.Row(), c.Task, spec.Seed, err))
				notes = append(notes, fmt.Sprintf("%s, seed %d: failed: %v.", e.Row(), spec.Seed, err))
				continue
			}
			entry.Results = append(entry.Results, result)
			for _, v := range result.Health {
				notes = append(notes, fmt.Sprintf("Health of %s, seed %d: %s.", e.Row(), spec.Seed, v.Line))
			}
		}
		entries = append(entries, entry)
	}
	if err := ctx.Err(); err != nil {
		notes = append(notes, "Stopped before every run was finished; the same call goes on.")
		failed = append(failed, fmt.Errorf("comparison %s was stopped; what is finished is kept, and the same call goes on: %w",
			c.Name, err))
	}
	heading := report.Heading{Comparison: c.Name, Title: c.Title, Task: c.Task, Commit: o.Commit}
	table, err := report.Build(heading, c.Metrics, entries, c.Published)
	if err != nil {
		return nil, errors.Join(append(failed, err)...)
	}
	if o.Quick {
		notes = append(notes, "Quick budgets: few steps, images and samples. "+
			"The numbers show that everything works, no more.")
	}
	table.Notes = append(table.Notes, notes...)
	return table, errors.Join(failed...)
}

// runEntry carries out one spec of an entry, and before it the run that it takes its weights from, whose time counts.
func runEntry(ctx context.Context, l lab.Lab, e Entry, spec lab.Spec, o Options) (*lab.Result, error) {
	if e.From == nil {
		return runOne(ctx, l, spec, o)
	}
	from, err := runOne(ctx, l, e.From.spec(spec, o.Quick), o)
	if err != nil {
		return nil, fmt.Errorf("%s on %s, which it takes its weights from: %w", e.From.Method, e.From.Task, err)
	}
	spec.From = from.Spec.Dir()
	result, err := runOne(ctx, l, spec, o)
	if err != nil {
		return nil, err
	}
	whole := *result
	whole.Seconds += from.Seconds
	return &whole, nil
}

func runOne(ctx context.Context, l lab.Lab, spec lab.Spec, o Options) (*lab.Result, error) {
	asked := spec
	asked.Runs = o.Runs
	var watch func(lab.Event)
	if o.Watch != nil {
		watch = func(e lab.Event) { o.Watch(spec, e) }
	}
	result, err := l.Run(ctx, asked, watch)
	if err == nil && result == nil {
		err = errors.New("the lab returned neither a result nor an error")
	}
	return result, err
}
