package bench

import (
	"fmt"
	"time"

	"darkroom/lib/engine/onednn"
)

// Block is one kind of convolution of a training step: how much work it is, how fast it was done, and how near that is to the fastest that this
// machine multiplies matrices. The last block of a roofline is everything else that the step does.
type Block struct {
	Name  string  `json:"name"`
	Calls float64 `json:"calls"` // a step
	GFLOP float64 `json:"gflop"` // a step, padding counted as work; 0 for the rest
	MS    float64 `json:"ms"`    // a step
	Rate  float64 `json:"gflops"`
	Share float64 `json:"share_of_peak"`
}

// Roofline takes steps and returns their convolutions by shape (Williams et al. 2009: here only the roof of arithmetic is drawn). peak is in
// floating-point operations a second (onednn.Peak).
func (s *Stepper) Roofline(steps int, peak float64) ([]Block, error) {
	if _, _, err := s.Time(5, 1); err != nil {
		return nil, err
	}
	stop := onednn.TimeEach()
	begin := time.Now()
	for range steps {
		if _, err := s.Step(); err != nil {
			stop()
			return nil, err
		}
	}
	rest := Block{Name: "everything else", Calls: 1, MS: float64(time.Since(begin).Microseconds()) / 1e3 / float64(steps)}
	var out []Block
	for _, t := range stop() {
		n := float64(steps)
		b := Block{Name: t.Conv.String(), Calls: float64(t.Calls) / n, GFLOP: t.Conv.FLOPs() * float64(t.Calls) / n / 1e9,
			MS: float64(t.Time.Nanoseconds()) / 1e6 / n}
		b.Rate = b.GFLOP / b.MS * 1e3
		b.Share = b.Rate * 1e9 / peak
		rest.MS -= b.MS
		out = append(out, b)
	}
	return append(out, rest), nil
}

// String is the block for people.
func (b Block) String() string {
	if b.GFLOP == 0 {
		return fmt.Sprintf("%8.2f ms  %s", b.MS, b.Name)
	}
	return fmt.Sprintf("%8.2f ms %6.2f GFLOP %6.0f GFLOP/s %4.0f %% of the peak  %g× %s", b.MS, b.GFLOP, b.Rate, 100*b.Share, b.Calls, b.Name)
}
