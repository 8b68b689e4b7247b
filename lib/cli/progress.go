package cli

import (
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"darkroom/lib/lab"
	"darkroom/plots"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how a run is going: a bar on a terminal, a line now and then elsewhere.
type progress struct {
	title  string
	out    io.Writer
	bar    *progressbar.ProgressBar // nil where there is no terminal
	losses []float64
	name   string // of the scalar that is shown
	said   time.Time
	stage  string
}

// quiet is how long a log without a terminal stays silent.
const quiet = 10 * time.Second

func (a *app) progress(title string) *progress {
	p := &progress{title: title, out: a.err}
	if a.live {
		p.out = io.Discard
	}
	if isTerminal(a.err) {
		p.bar = progressbar.NewOptions(1, progressbar.OptionSetWriter(a.err), progressbar.OptionSetWidth(20),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionEnableColorCodes(false), progressbar.OptionSetElapsedTime(false))
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p *progress) watch(e lab.Event) {
	if e.Stage != "" {
		line := p.title + ": " + e.Stage
		if e.Note != "" {
			line += ", " + e.Note
		}
		if p.bar != nil {
			p.bar.Describe(line)
		} else if e.Stage != p.stage || time.Since(p.said) > quiet {
			_, _ = fmt.Fprintln(p.out, line)
			p.said = time.Now()
		}
		p.stage = e.Stage
	}
	if e.Values == nil {
		return
	}
	name, loss := mainScalar(e.Values)
	p.name = name
	p.losses = append(p.losses, loss)
	if e.PerSecond == 0 { // recorded by an earlier session
		return
	}
	line := fmt.Sprintf("step %d of %d  %s %.4g  %.0f images/s", e.Step, e.Steps, p.name, loss, e.PerSecond)
	if e.Left > 0 {
		line += "  " + e.Left.Round(time.Second).String() + " left"
	}
	if p.bar != nil {
		p.bar.ChangeMax(e.Steps)
		p.bar.Describe(line + "  " + plots.Spark(p.losses, 20))
		_ = p.bar.Set(e.Step)
	} else if time.Since(p.said) > quiet || e.Step == e.Steps {
		_, _ = fmt.Fprintln(p.out, line)
		p.said = time.Now()
	}
}

func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// mainScalar is the loss, or the first scalar called so.
func mainScalar(values map[string]float64) (string, float64) {
	for _, n := range []string{"loss", "generator/loss"} {
		if v, ok := values[n]; ok {
			return n, v
		}
	}
	first := ""
	for n := range values {
		if first == "" || n < first {
			first = n
		}
	}
	if first == "" {
		return "loss", math.NaN()
	}
	return first, values[first]
}
