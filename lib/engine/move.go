package engine

import (
	"math/rand/v2"

	"darkroom/lib/data"
)

// move shifts a picture down and right by so many pixels, and may mirror it first.
type move struct {
	down, right int
	mirrored    bool
}

// moved draws n moves by at most shift pixels in each direction.
func moved(r *rand.Rand, n, shift int, mirror bool) []move {
	moves := make([]move, n)
	for i := range moves {
		moves[i] = move{r.IntN(2*shift+1) - shift, r.IntN(2*shift+1) - shift, mirror && r.IntN(2) == 1}
	}
	return moves
}

// of are the pixels of the moved picture. Where nothing comes from, the nearest pixel of the edge is repeated.
func (m move) of(p data.Picture) []uint8 {
	out := make([]uint8, 0, len(p.Pix))
	for y := range p.Height {
		row := min(max(y-m.down, 0), p.Height-1) * p.Width
		for x := range p.Width {
			column := min(max(x-m.right, 0), p.Width-1)
			if m.mirrored {
				column = p.Width - 1 - column
			}
			at := (row + column) * p.Channels
			out = append(out, p.Pix[at:at+p.Channels]...)
		}
	}
	return out
}
