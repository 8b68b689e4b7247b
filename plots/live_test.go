package plots

import (
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom/lib/lab"
)

func TestLive(t *testing.T) {
	clock := time.Unix(100, 0)
	v := Live("vae")
	v.now = func() time.Time { return clock }
	if v.Due() {
		t.Error("an empty view is due")
	}
	if s := v.HTML(); !strings.Contains(s, "vae") || strings.Contains(s, "<svg") {
		t.Errorf("the empty view is %s", s)
	}
	v.Add(lab.Event{Stage: "compile"})
	if !v.Due() || v.Due() {
		t.Error("a new stage is due once")
	}
	v.Add(lab.Event{Step: 1200, Steps: 20000, Stage: "train", PerSecond: 3412.4, Left: 65 * time.Second,
		Values: map[string]float64{"loss": 2, "kl": math.NaN()}})
	v.Due()
	v.Add(lab.Event{Step: 1300, Values: map[string]float64{"loss": 1, "kl": math.NaN()}})
	if v.Due() {
		t.Error("due again at once")
	}
	clock = clock.Add(interval)
	if !v.Due() {
		t.Error("not due after half a second")
	}
	want := "step 1300 of 20\u202f000 · 3412 images/s · loss █▁ 1.000"
	if got := v.Text(); got != want {
		t.Errorf("the line is %q, want %q", got, want)
	}
	if s := v.HTML(); !strings.Contains(s, `aria-valuenow="6"`) || !strings.Contains(s, "<svg") || strings.Contains(s, "NaN") {
		t.Errorf("the view is %.600s", s)
	}
	v.Samples(1300, []lab.Image{{Height: 1, Width: 1, Channels: 1, Pix: []float32{1}}})
	if s := v.HTML(); !strings.Contains(s, "samples at step 1300<br>") {
		t.Errorf("the view with samples is %.600s", s)
	}
	// A resumed run says its last points again.
	v.Add(lab.Event{Step: 1250, Values: map[string]float64{"loss": 4}})
	if s := v.Curves()[0]; len(s.X) != 2 || s.X[1] != 1250 || s.Y[1] != 4 {
		t.Errorf("after a resume the loss is %v", s)
	}
	v.Finish()
	if s := v.HTML(); strings.Contains(s, "samples at") || strings.Contains(s, "progressbar") {
		t.Errorf("the finished view is %.600s", s)
	}
}

func TestLongRun(t *testing.T) {
	v := Live("long")
	for i := range 100_000 {
		v.Add(lab.Event{Step: i, Values: map[string]float64{"loss": float64(i)}})
	}
	s := v.Curves()[0]
	if n := len(s.X); n > 8192 || n < 4000 || s.X[n-1] != 99_999 {
		t.Errorf("%d points, the last at step %v", n, s.X[n-1])
	}
}

func TestLiveFromManyGoroutines(*testing.T) {
	v := Live("race")
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				v.Watch(lab.Event{Step: i, Values: map[string]float64{"loss": float64(g)}})
				if i%25 == 0 {
					_, _ = v.HTML(), v.Text()
				}
			}
		})
	}
	wg.Wait()
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "1 s", 45 * time.Second: "45 s", 125 * time.Second: "2 min 05 s", 3*time.Hour + 12*time.Minute: "3 h 12 min",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
