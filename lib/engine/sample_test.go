package engine

import (
	"strings"
	"testing"

	"darkroom/lib/data"
	"darkroom/lib/lab"
)

// TestLabels: samples have the class that was asked for, or those of the training data as often as there.
func TestLabels(t *testing.T) {
	d := &data.Dataset{Info: data.Info{Classes: []string{"shirt", "coat", "shoe"}}, Train: make(data.Split, 100)}
	for i := range d.Train {
		d.Train[i].Label = 2
		if i < 20 {
			d.Train[i].Label = 1
		}
	}
	j := &job{data: d, spec: lab.Spec{Method: "some"}, task: lab.Task{Data: "clothes"}}
	count := func(draw lab.Draw) (n [3]int) {
		label, err := j.labels(true, draw)
		if err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			n[label()]++
		}
		return n
	}
	if n := count(lab.Draw{Class: "coat"}); n[1] != 2000 {
		t.Errorf("of the class coat: %v", n)
	}
	n := count(lab.Draw{Seed: 1})
	if n[0] != 0 || n[1] < 320 || n[1] > 480 { // 400 ± 4.5 deviations
		t.Errorf("of any class: %v", n)
	}
	if n == count(lab.Draw{Seed: 2}) {
		t.Error("another seed draws the same labels")
	}
	for want, draw := range map[string]struct {
		chooses bool
		class   string
	}{
		`clothes has no class "caot" (did you mean "coat"?); it has shirt, coat, shoe`:             {true, "caot"},
		`some cannot choose the class of its samples, and class is "coat"; leave it out, or train`: {false, "coat"},
	} {
		if _, err := j.labels(draw.chooses, lab.Draw{Class: draw.class}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
