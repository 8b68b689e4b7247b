package engine

import (
	"testing"

	"darkroom/lib/data"
)

// columns is a picture of columns of a width that are black and white by turns.
func columns(h, w, period int) data.Picture {
	p := data.Picture{Height: h, Width: w, Channels: 1, Pix: make([]uint8, h*w)}
	for i := range p.Pix {
		if i%w/period%2 == 1 {
			p.Pix[i] = 255
		}
	}
	return p
}

func TestRoughness(t *testing.T) {
	p := columns(6, 8, 2)
	if got, want := roughness(p, 1, 1, 3), 2*255*255; got != want { // one edge between 3 columns, seen from 2 rows
		t.Errorf("roughness %d, want %d", got, want)
	}
	if got, want := roughness(p, 0, 0, 5), 4*2*255*255; got != want {
		t.Errorf("roughness %d, want %d", got, want)
	}
}

// TestScaleDraws: each place of a patch comes up, and none outside.
func TestScaleDraws(t *testing.T) {
	s := newScale(data.Split{columns(3, 4, 1), columns(9, 7, 1), columns(2, 9, 1)}, 1, 3)
	if s.total != 2+35 { // the third is too small
		t.Fatalf("%d places, want 37", s.total)
	}
	seen := map[[3]int]bool{}
	r := stepRandom(1, 1)
	for range 2000 {
		k, y, x := s.draw(r)
		if p := s.pictures[k]; y < 0 || x < 0 || y+3 > p.Height || x+3 > p.Width {
			t.Fatalf("a patch of picture %d at (%d, %d)", k, y, x)
		}
		seen[[3]int{k, y, x}] = true
	}
	if len(seen) != 37 {
		t.Errorf("%d places seen, want 37", len(seen))
	}
	if small := newScale(data.Split{columns(9, 7, 1)}, 2, 3); small.total != 2*1 { // 4×3 pixels
		t.Errorf("%d places in the smaller picture, want 2", small.total)
	}
}
