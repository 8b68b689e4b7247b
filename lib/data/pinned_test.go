package data

import (
	"context"
	"testing"
)

func open(t *testing.T, name string, o Options) *Dataset {
	t.Helper()
	o.Say = func(line string) { t.Log(line) }
	d, err := Open(context.Background(), name, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// leaks counts the test pictures whose shape and pixels are also in the training split.
func leaks(d *Dataset) []string {
	seen := map[[32]byte]bool{}
	for _, p := range d.Train {
		seen[p.hash()] = true
	}
	var out []string
	for _, p := range d.Test {
		if seen[p.hash()] {
			out = append(out, p.Name)
		}
	}
	return out
}

// The canonical splits of MNIST and Fashion-MNIST share no picture, exactly counted here; ours must not either.
func TestNoTrainingPictureIsInATestSplit(t *testing.T) {
	for _, info := range Catalogue() {
		for _, o := range []Options{{}, {Size: 32, Grey: true}} {
			if got := leaks(open(t, info.Name, o)); len(got) > 0 {
				t.Errorf("%s %+v: %d test pictures are training pictures too: %v", info.Name, o, len(got), got)
			}
		}
	}
}
