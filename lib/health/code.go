package health

import (
	"fmt"

	"darkroom/lib/lab"
)

// posteriorCollapse is a code that says next to nothing about the image, or most of whose units do.
func posteriorCollapse(r Run) (lab.Verdict, bool) {
	const remedy = "try a smaller beta, KL warm-up or free bits, or a weaker decoder"
	kl, ok := r.curve("kl")
	of := "" // the network whose objective tells it
	if !ok {
		of = "encoder/"
		if kl, ok = r.curve(of + "kl"); !ok {
			return lab.Verdict{}, false
		}
	}
	if since, ok := lasting(kl, func(v float64) bool { return v < 0.5 }); ok {
		return lab.Verdict{
			Name: "posterior collapse", Curves: []string{kl.Name, of + "reconstruction"},
			Line: fmt.Sprintf("the posterior has collapsed: since step %.0f the code carries %.2g nats, so that all images are decoded alike; %s",
				since, mean(part(kl, 0.8, 1)), remedy),
		}, true
	}
	active, ok := r.curve(of + "units/active")
	latent := r.number("latent")
	if !ok || latent == 0 {
		return lab.Verdict{}, false
	}
	since, ok := lasting(active, func(v float64) bool { return v < 0.1*latent })
	if !ok {
		return lab.Verdict{}, false
	}
	return lab.Verdict{
		Name: "posterior collapse", Curves: []string{active.Name, kl.Name},
		Line: fmt.Sprintf("most of the posterior has collapsed: since step %.0f only %.1f of the code's %.0f units are active; %s",
			since, mean(part(active, 0.8, 1)), latent, remedy),
	}, true
}

// codebookCollapse is a codebook of which few entries are used.
func codebookCollapse(r Run) (lab.Verdict, bool) {
	s, ok := r.curve("autoencoder/codes/perplexity")
	codes := r.number("codes")
	if !ok || codes == 0 {
		return lab.Verdict{}, false
	}
	since, ok := lasting(s, func(v float64) bool { return v < 0.1*codes })
	if !ok {
		return lab.Verdict{}, false
	}
	return lab.Verdict{
		Name: "codebook collapse", Curves: []string{s.Name},
		Line: fmt.Sprintf("the codebook has collapsed: since step %.0f its use is that of %.1f entries of %.0f (perplexity); "+
			"try restart=true, a smaller codebook, or averages that move faster", since, mean(part(s, 0.8, 1)), codes),
	}, true
}

// number is a parameter of the run; 0 if it has none of that name.
func (r Run) number(name string) float64 {
	switch v := r.Spec.Set[name].(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}
