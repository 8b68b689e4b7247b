package engine

import (
	"slices"
	"testing"

	"darkroom/lib/data"
)

func TestMove(t *testing.T) {
	p := data.Picture{Height: 2, Width: 3, Channels: 1, Pix: []uint8{1, 2, 3, 4, 5, 6}}
	for _, c := range []struct {
		move move
		want []uint8
	}{
		{move{}, p.Pix},
		{move{mirrored: true}, []uint8{3, 2, 1, 6, 5, 4}},
		{move{down: 1}, []uint8{1, 2, 3, 1, 2, 3}},
		{move{right: -2}, []uint8{3, 3, 3, 6, 6, 6}},
		{move{down: -5, right: 1, mirrored: true}, []uint8{6, 6, 5, 6, 6, 5}},
	} {
		if got := c.move.of(p); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.move, got, c.want)
		}
	}
	colour := data.Picture{Height: 1, Width: 2, Channels: 3, Pix: []uint8{1, 2, 3, 4, 5, 6}}
	if got, want := (move{mirrored: true}).of(colour), []uint8{4, 5, 6, 1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("mirrored colour is %v, want %v", got, want)
	}
}

func TestMoved(t *testing.T) {
	const n, shift = 400, 2
	first := moved(stepRandom(1, 7), n, shift, true)
	if !slices.Equal(first, moved(stepRandom(1, 7), n, shift, true)) {
		t.Error("the same seed and step move pictures otherwise")
	}
	if slices.Equal(first, moved(stepRandom(1, 8), n, shift, true)) {
		t.Error("another step moves pictures alike")
	}
	seen := map[move]int{}
	for _, m := range first {
		if max(m.down, -m.down, m.right, -m.right) > shift {
			t.Errorf("%+v is further than %d", m, shift)
		}
		seen[m]++
	}
	if len(seen) != 50 {
		t.Errorf("%d of the 50 moves occur", len(seen))
	}
	for _, m := range moved(stepRandom(1, 7), n, 0, false) {
		if m != (move{}) {
			t.Errorf("%+v, though neither is asked for", m)
		}
	}
}
