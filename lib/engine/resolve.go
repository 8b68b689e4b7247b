package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"darkroom/lib/data"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"
)

// schema is the version of what a run's numbers mean. It is part of every run's identity: raise it when the same parameters come to mean
// something else.
const schema = 1

// sampleMeasures is the version of the measures on samples; raise it when there are more of them, or when one comes to mean something else.
const sampleMeasures = 2

// maxSteps keeps a slip of the finger from filling a disk with events.
const maxSteps = 100_000_000

// Resolve implements lab.Lab. Its errors are UsageErrors, but for those of reading a folder.
func (e *Engine) Resolve(ctx context.Context, s lab.Spec) (lab.Spec, error) {
	task, err := lab.ParseTask(s.Task)
	if err != nil {
		return s, usage(err)
	}
	entry, err := methods.Lookup(s.Method)
	if err != nil {
		return s, usage(err)
	}
	if !entry.Does(task.Kind) {
		return s, usage(fmt.Errorf("%s does not %s; %s", s.Method, task.Kind, whoDoes(task.Kind)))
	}
	if task.Kind == lab.Restore {
		if _, err := physics.Parse(task.Operator); err != nil {
			return s, usage(err)
		}
	}
	if info, err := data.Lookup(task.Data); err != nil {
		return s, usage(err)
	} else if task.Kind == lab.Classify && len(info.Classes) < 2 {
		return s, usage(fmt.Errorf("the dataset %s has no classes", task.Data))
	} else if task.Kind != lab.Classify && len(info.Kinds) > 0 && !slices.Contains(info.Kinds, task.Kind) {
		return s, usage(fmt.Errorf("the dataset %s is not for %s tasks", task.Data, task.Kind))
	}
	m := entry.New()
	if _, err := methods.Apply(s.Method, m, s.Set); err != nil {
		return s, usage(err)
	}
	if s, err = resolveFrom(m, s); err != nil {
		return s, err
	}
	if s.Set, err = methods.Apply(s.Method, m, s.Set); err != nil {
		return s, usage(err)
	}
	_, trains := m.(methods.Trainable)
	switch {
	case s.Steps < 0 || s.Steps > maxSteps:
		return s, usage(fmt.Errorf("steps = %d, but a training has 1 to %d steps", s.Steps, maxSteps))
	case !trains && s.Steps > 0:
		return s, usage(fmt.Errorf("%s does not train by steps; leave the steps out", s.Method))
	case trains && s.Steps == 0 && s.From == "":
		s.Steps = entry.Steps
	}
	if _, adapts := m.(methods.Adapter); !learns(m) && !adapts && s.From == "" {
		s.Seed = 0 // nothing is random
	}
	s.Task = task.String()
	s.Schema = schema
	if s.Data, err = data.Digest(ctx, task.Data, e.dataOptions(task)); err != nil {
		return s, err
	}
	if s.Eval, err = evalDefaults(m, s.Eval); err != nil {
		return s, usage(err)
	}
	s.Eval, err = e.resolveInception(m, s.Eval)
	return s, usage(err)
}

func whoDoes(k lab.Kind) string {
	var names []string
	for _, entry := range methods.Catalogue() {
		if entry.Does(k) {
			names = append(names, entry.Name)
		}
	}
	if len(names) == 0 {
		return "no method does yet"
	}
	return "those that do are " + strings.Join(names, ", ")
}

func (e *Engine) dataOptions(t lab.Task) data.Options {
	return data.Options{
		Say: e.options.Say, Strict: e.options.Strict, Size: t.Size, Folder: e.options.Folder,
		Grey:    t.Kind == lab.Restore && !coloured(t), // restore tasks are measured on luma
		Domains: t.Kind == lab.Translate,
	}
}

// evalDefaults fills in how a method is measured: those with a likelihood by it, other samplers by their samples.
func evalDefaults(m methods.Method, v lab.Eval) (lab.Eval, error) {
	for _, x := range []struct {
		name  string
		value int
	}{{"images", v.Images}, {"importance samples", v.Importance}, {"steps of annealing", v.Annealing}, {"samples", v.Samples}} {
		if x.value < 0 {
			return v, fmt.Errorf("number of %s = %d, but it cannot be negative", x.name, x.value)
		}
	}
	_, weighs := m.(methods.ImportanceSampler)
	_, dense := m.(methods.Density)
	samples := generates(m)
	if _, decodes := m.(methods.Decoder); v.Annealing > 0 && !decodes {
		return v, fmt.Errorf("annealing = %d, but the method has no decoder p(x|z) whose likelihood could be annealed; leave it out", v.Annealing)
	}
	if weighs && v.Importance == 0 {
		v.Importance = 50
	}
	if !weighs {
		v.Importance = 0
	}
	if samples && !weighs && !dense && v.Samples == 0 {
		v.Samples = 1000
	}
	if !samples {
		v.Samples = 0
	}
	v.Measures = 0
	if v.Samples > 0 {
		v.Measures = sampleMeasures
	}
	return v, nil
}
