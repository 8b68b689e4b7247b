package health

import (
	"fmt"
	"math"
	"slices"

	"darkroom/lib/lab"
)

// Diverged is the stage of the event with which a training ends whose loss is not finite; its note says which scalar, and when.
const Diverged = "diverged"

// Run is what is known of a run, finished or not.
type Run struct {
	Spec     lab.Spec              // as resolved; only its parameters and steps are looked at
	Curves   lab.Curves            // of its events
	Metrics  map[string]lab.Metric // nil until it is measured
	Diverged string                // what was not finite, or empty
}

// RunOf makes a Run of events.
func RunOf(s lab.Spec, events []lab.Event, metrics map[string]lab.Metric) Run {
	r := Run{Spec: s, Curves: lab.CurvesOf(events), Metrics: metrics}
	for _, e := range events {
		if e.Stage == Diverged {
			r.Diverged = e.Note
		}
	}
	return r
}

// least is the number of events below which nothing is said of curves: a training of a hundred steps or more has as many in its first half.
const least = 50

// Check returns what is wrong with a run, the gravest first; nothing if all is well, or if there is too little to tell.
func Check(r Run) []lab.Verdict {
	var out []lab.Verdict
	for _, check := range []func(Run) (lab.Verdict, bool){
		exploding, dying, discriminatorWins, saturated, modeCollapse, posteriorCollapse, codebookCollapse, overfitting, unfinished,
	} {
		if v, ok := check(r); ok {
			out = append(out, v)
		}
	}
	return out
}

// curve returns the scalar of that name, if there are enough events of it to tell anything.
func (r Run) curve(name string) (lab.Series, bool) {
	for _, s := range r.Curves {
		if s.Name == name && len(s.Y) >= least {
			return s, true
		}
	}
	return lab.Series{}, false
}

// part is the values between two shares of a curve's events: part(s, 0.8, 1) is the last fifth.
func part(s lab.Series, from, to float64) []float64 {
	n := float64(len(s.Y))
	return s.Y[int(from*n):int(to*n)]
}

// These are gonum's Mean, Variance and Quantile, but every cell links this package, and gonum's linear algebra would come with them.

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// variance is the unbiased one.
func variance(v []float64) float64 {
	m, sum := mean(v), 0.0
	for _, x := range v {
		sum += (x - m) * (x - m)
	}
	return sum / float64(len(v)-1)
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[(len(sorted)-1)/2]
}

// smooth is the running mean over five events.
func smooth(v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = mean(v[max(0, i-2):min(len(v), i+3)])
	}
	return out
}

// lasting returns the first step of the stretch at a curve's end in which the smoothed values are all as they must not be; ok is false unless it is a
// fifth of the curve.
func lasting(s lab.Series, bad func(v float64) bool) (since float64, ok bool) {
	values := smooth(s.Y)
	i := len(values)
	for i > 0 && bad(values[i-1]) {
		i--
	}
	if len(values)-i < len(values)/5 {
		return 0, false
	}
	return s.X[i], true
}

// ofStart says how large the last fifth of a gradient's norm is, as a share of its first fifth; 1 where there is no such curve.
func (r Run) ofStart(name string) float64 {
	s, ok := r.curve(name)
	first := 0.0
	if ok {
		first = median(part(s, 0, 0.2))
	}
	if first == 0 {
		return 1
	}
	return median(part(s, 0.8, 1)) / first
}

// gradients are the curves of the networks' gradients.
func (r Run) gradients() []lab.Series {
	var out []lab.Series
	for _, s := range r.Curves {
		if len(s.Name) > 9 && s.Name[:9] == "gradient/" && len(s.Y) >= least {
			out = append(out, s)
		}
	}
	return out
}

// whose names the network that a gradient belongs to.
func whose(gradient string) string {
	if gradient == "gradient/norm" {
		return "network"
	}
	return gradient[len("gradient/"):]
}

// exploding is a training that became infinite, or whose gradient jumps to a hundred times what it is.
func exploding(r Run) (lab.Verdict, bool) {
	v := lab.Verdict{Name: "exploding"}
	if r.Diverged != "" {
		v.Line = fmt.Sprintf("the training exploded: %s; try a lower learning rate, or clip the gradient", r.Diverged)
		v.Curves = []string{"loss"}
		return v, true
	}
	for _, s := range r.gradients() {
		usual := median(s.Y)
		if usual == 0 { // of updates that have died; see dying
			continue
		}
		for i, y := range s.Y {
			if before := s.Y[:i]; len(before) < 5 || y < 100*usual || y < 100*slices.Max(before[len(before)-5:]) {
				continue
			}
			v.Line = fmt.Sprintf("the steps explode: the %s's gradient has norm %.3g at step %.0f, %.0f times its usual %.3g; try a lower learning rate, or clip the gradient",
				whose(s.Name), y, s.X[i], y/usual, usual)
			v.Curves = []string{s.Name}
			return v, true
		}
	}
	return v, false
}

// dying is a network that learns no more because no gradient reaches it.
func dying(r Run) (lab.Verdict, bool) {
	for _, s := range r.gradients() {
		start := slices.Max(part(s, 0, 0.2))
		since, ok := lasting(s, func(v float64) bool { return v < 1e-6*start })
		if !ok {
			continue
		}
		return lab.Verdict{
			Name: "dying updates", Curves: []string{s.Name},
			Line: fmt.Sprintf("the updates have died: since step %.0f the %s's gradient is %.1e of what it was; its units are dead or saturated: "+
				"try a lower learning rate, or another activation", since, whose(s.Name), mean(part(s, 0.8, 1))/start),
		}, true
	}
	return lab.Verdict{}, false
}

// unfinished is a loss that is still falling when the training ends.
func unfinished(r Run) (lab.Verdict, bool) {
	s, ok := r.curve("loss")
	if !ok || r.Spec.Steps == 0 || int(s.X[len(s.X)-1]) < r.Spec.Steps { // it is not over
		return lab.Verdict{}, false
	}
	before, last := part(s, 0.6, 0.8), part(s, 0.8, 1)
	drop, now := mean(before)-mean(last), mean(last)
	se := math.Sqrt(variance(before)/float64(len(before)) + variance(last)/float64(len(last)))
	fallen := mean(part(s, 0, 0.1)) - now
	if drop < 3*se || drop < 0.03*math.Abs(now) || drop < 0.02*fallen {
		return lab.Verdict{}, false
	}
	return lab.Verdict{
		Name: "still falling", Curves: []string{"loss"},
		Line: fmt.Sprintf("the loss is still falling: %.4g over the last fifth of the steps, %.4g over the fifth before; train longer: try --steps %d",
			now, mean(before), 4*r.Spec.Steps),
	}, true
}

// overfitting is a method that does much worse on test images than on those it has learnt.
func overfitting(r Run) (lab.Verdict, bool) {
	reconstruction, ok1 := r.curve("reconstruction")
	kl, ok2 := r.curve("kl")
	elbo, ok3 := r.Metrics["elbo"]
	if ok1 && ok2 && ok3 {
		train := -mean(part(reconstruction, 0.9, 1)) - mean(part(kl, 0.9, 1))
		if gap := train - elbo.Value; gap > 5 && gap > 0.1*math.Abs(train) {
			return lab.Verdict{
				Name: "overfitting", Curves: []string{"reconstruction", "kl"},
				Line: fmt.Sprintf("it has learnt the training images by heart: the ELBO is %.4g nats on them, and %.4g on test images; "+
					"try fewer steps, a smaller network, or more data", train, elbo.Value),
			}, true
		}
	}
	seen, ok1 := r.curve("accuracy")
	test, ok2 := r.Metrics["accuracy"]
	if ok1 && ok2 {
		if train := mean(part(seen, 0.9, 1)); train-test.Value > 0.05 {
			return lab.Verdict{
				Name: "overfitting", Curves: []string{"accuracy"},
				Line: fmt.Sprintf("it has learnt the training images by heart: %.1f %% of them are put into the right class, and %.1f %% of test images; "+
					"try fewer steps, a smaller network, or more data", 100*train, 100*test.Value),
			}, true
		}
	}
	return lab.Verdict{}, false
}
