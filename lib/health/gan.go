package health

import (
	"fmt"
	"slices"

	"darkroom/lib/lab"
)

// discriminatorWins is a discriminator that is never wrong, so that its opinion teaches the generator nothing. Of cyclegan's two, either can be the one.
func discriminatorWins(r Run) (lab.Verdict, bool) {
	for _, c := range []struct{ who, accuracy, gradient string }{
		{"the discriminator", "discriminator/accuracy", "gradient/generator"},
		{"the discriminator of A", "discriminators/accuracy-a", "gradient/generators"},
		{"the discriminator of B", "discriminators/accuracy-b", "gradient/generators"},
	} {
		s, ok := r.curve(c.accuracy)
		if !ok {
			continue
		}
		since, ok := lasting(s, func(v float64) bool { return v >= 0.98 })
		if !ok {
			continue
		}
		return lab.Verdict{
			Name: "discriminator wins", Curves: []string{c.accuracy, c.gradient},
			Line: fmt.Sprintf("%s wins: %.1f %% accuracy for %.0f steps, the generator's gradient is %.2g of its start; "+
				"try an r1 or gradient penalty, spectral norm, or a slower discriminator", c.who, 100*mean(part(s, 0.8, 1)), s.X[len(s.X)-1]-since, r.ofStart(c.gradient)),
		}, true
	}
	return lab.Verdict{}, false
}

// saturated is a game that stands still: the discriminator's loss is nearly 0, and hardly a gradient reaches the generator. It is what the minimax loss
// does (Goodfellow et al. 2014, section 3).
func saturated(r Run) (lab.Verdict, bool) {
	loss, ok := r.curve("discriminator/loss")
	gradient, ok2 := r.curve("gradient/generator")
	if !ok || !ok2 {
		return lab.Verdict{}, false
	}
	start := slices.Max(smooth(gradient.Y))
	since, ok := lasting(gradient, func(v float64) bool { return v < 0.02*start })
	if now := mean(part(loss, 0.8, 1)); !ok || now < 0 || now > 0.1 {
		return lab.Verdict{}, false
	}
	return lab.Verdict{
		Name: "saturated losses", Curves: []string{"discriminator/loss", "generator/loss", "gradient/generator"},
		Line: fmt.Sprintf("the losses are saturated: since step %.0f the generator's gradient is %.1e of its largest, and the discriminator's loss is %.2g; "+
			"try the non-saturating loss, or a penalty on the discriminator's gradient", since, mean(part(gradient, 0.8, 1))/start, mean(part(loss, 0.8, 1))),
	}, true
}

// modeCollapse is a generator whose samples have become alike.
func modeCollapse(r Run) (lab.Verdict, bool) {
	s, ok := r.curve("generator/diversity")
	if !ok {
		return lab.Verdict{}, false
	}
	values := smooth(s.Y)
	peak := slices.Index(values, slices.Max(values))
	since, ok := lasting(s, func(v float64) bool { return v < 0.3*values[peak] })
	if !ok {
		return lab.Verdict{}, false
	}
	return lab.Verdict{
		Name: "mode collapse", Curves: []string{s.Name},
		Line: fmt.Sprintf("the generator has collapsed: since step %.0f its samples differ by %.2g a pixel, %.0f %% of the %.2g at step %.0f; "+
			"try another seed, a lower learning rate, or a penalty on the discriminator's gradient",
			since, mean(part(s, 0.8, 1)), 100*mean(part(s, 0.8, 1))/values[peak], values[peak], s.X[peak]),
	}, true
}
