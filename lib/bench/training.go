package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"darkroom/lib/lab"
)

// Pace is how fast a method trains on real data, from its first event on: compiling is not in it.
type Pace struct {
	Step   float64 // milliseconds of wall time a step
	Inside float64 // share of the wall time that was spent inside the compiled step, 0 to 1
	Steps  int     // that were timed
}

var errTimed = errors.New("timed")

// Train starts a run, stops it once it has trained for so long, and returns its pace. The run's folder should be one to throw away.
func Train(ctx context.Context, l lab.Lab, s lab.Spec, long time.Duration) (Pace, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var first, last lab.Event
	_, err := l.Run(ctx, s, func(e lab.Event) {
		switch {
		case e.Values == nil || e.Elapsed == 0:
		case first.Step == 0:
			first = e
		case last.Elapsed-first.Elapsed < long:
			if last = e; last.Elapsed-first.Elapsed >= long {
				stop(errTimed)
			}
		}
	})
	if err != nil && !errors.Is(err, errTimed) {
		return Pace{}, err
	}
	if last.Step == 0 {
		return Pace{}, fmt.Errorf("%s was over before it could be timed: %d steps are too few", s.Method, s.Steps)
	}
	wall, steps := last.Elapsed-first.Elapsed, last.Step-first.Step
	return Pace{
		Step:   float64(wall) / float64(time.Millisecond) / float64(steps),
		Inside: float64(last.InsideStep-first.InsideStep) / float64(wall), Steps: steps,
	}, nil
}
