package physics_test

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics_test.go

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// masks are masks of one picture each, on the host and in a graph.
func masks(t *testing.T, op physics.Operator, n, h, w int) map[string][][]float32 {
	t.Helper()
	drawn := tensors.MustCopyFlatData[float32](model.MustCallOnce(xlatest.Backend(t), seeded(t), func(s *model.Scope, g *Graph) *Node {
		return op.DrawAux(s, g, shapes.Make(dtypes.Float32, n, h, w, 1))
	}))
	out, r := map[string][][]float32{}, rand.New(rand.NewPCG(4, 9))
	for i := range n {
		out["host"] = append(out["host"], op.Aux(r, h, w, 1))
		out["graph"] = append(out["graph"], drawn[i*h*w:(i+1)*h*w])
	}
	return out
}

// TestBox: the hidden pixels are exactly one rectangle of the right size, and its place changes.
func TestBox(t *testing.T) {
	const h, w, boxH, boxW = 20, 30, 5, 8 // 25 % of 20 and of 30, rounded
	for where, pictures := range masks(t, physics.Box{Side: 0.25}, 12, h, w) {
		places := map[string]bool{}
		for _, mask := range pictures {
			top, left, bottom, right, hidden := h, w, -1, -1, 0
			for i, v := range mask {
				if v == 0 {
					hidden++
					top, bottom, left, right = min(top, i/w), max(bottom, i/w), min(left, i%w), max(right, i%w)
				}
			}
			if hidden != boxH*boxW || bottom-top+1 != boxH || right-left+1 != boxW {
				t.Errorf("%s: %d pixels hidden, rows %d to %d, columns %d to %d; want a box of %d×%d", where, hidden, top, bottom, left, right, boxH, boxW)
			}
			places[fmt.Sprint(top, left)] = true
		}
		if len(places) < 6 {
			t.Errorf("%s: only %d places in 12 pictures", where, len(places))
		}
	}
}

// TestStrokes: each stroke hides about its length times its width, so that one hides little and many hide much, alike on the host and in a
// graph. A stroke between random places of a square is 0.5214 sides long on average.
func TestStrokes(t *testing.T) {
	const side = 64
	one := masks(t, physics.Strokes{Count: 1}, 60, side, side)
	share := func(pictures [][]float32) float64 {
		hidden := 0.0
		for _, mask := range pictures {
			for _, v := range mask {
				hidden += 1 - float64(v)
			}
		}
		return hidden / float64(len(pictures)) / side / side
	}
	want := (0.5214*(side-1)*2 + math.Pi) / side / side // the ends are round
	for where, pictures := range one {
		if got := share(pictures); math.Abs(got/want-1) > 0.2 {
			t.Errorf("%s: a stroke hides %.4f, want about %.4f", where, got, want)
		}
	}
	for where, pictures := range masks(t, physics.Strokes{Count: 20}, 10, side, side) {
		if got := share(pictures); got < 10*want || got > 20*want {
			t.Errorf("%s: 20 strokes hide %.4f, want 10 to 20 times %.4f", where, got, want)
		}
	}
}

// TestBlocks: blocks are hidden whole or not at all, each with the probability that was asked for.
func TestBlocks(t *testing.T) {
	const h, w, side = 36, 44, 8
	hidden, blocks := map[string]int{}, 0
	for where, pictures := range masks(t, physics.Blocks{Missing: 0.3, Side: side}, 40, h, w) {
		blocks = 0
		for _, mask := range pictures {
			for i, v := range mask {
				y, x := i/w, i%w
				if first := mask[y/side*side*w+x/side*side]; v != first || v != 0 && v != 1 {
					t.Fatalf("%s: pixel (%d, %d) is %g, its block begins with %g", where, y, x, v, first)
				}
				if y%side == 0 && x%side == 0 {
					blocks++
					if v == 0 {
						hidden[where]++
					}
				}
			}
		}
	}
	for where, k := range hidden {
		if share := float64(k) / float64(blocks); math.Abs(share-0.3) > 5*math.Sqrt(0.21/float64(blocks)) {
			t.Errorf("%s: %.3f of %d blocks hidden, want 0.3", where, share, blocks)
		}
	}
	if len(hidden) != 2 {
		t.Errorf("hidden blocks: %v", hidden)
	}
}

// TestText: each cell is a letter as the font's own package draws it, and twice as large with lines twice as high; all letters occur, on the host and in a graph.
func TestText(t *testing.T) {
	const lines, columns, cellH, cellW = 3, 20, 13, 7
	drawn := map[string]rune{}
	for letter := 'a' - 1; letter <= 'z'; letter++ { // the first is in place of a space
		im := image.NewAlpha(image.Rect(0, 0, cellW, cellH))
		if letter >= 'a' {
			(&font.Drawer{Dst: im, Src: image.Opaque, Face: basicfont.Face7x13, Dot: fixed.P(0, 11)}).DrawString(string(letter))
		}
		key := ""
		for _, v := range im.Pix {
			key += fmt.Sprint(1 - int(v)/255)
		}
		drawn[key] = letter
	}
	for _, times := range []int{1, 2} {
		w := columns * cellW * times
		for where, pictures := range masks(t, physics.Text{Size: cellH * times}, 20, lines*cellH*times, w) {
			found := map[rune]bool{}
			for _, mask := range pictures {
				for cell := range lines * columns {
					top, left := cell/columns*cellH*times, cell%columns*cellW*times
					key := ""
					for i := range cellH * cellW {
						at := (top+i/cellW*times)*w + left + i%cellW*times
						if last := at + (times-1)*(w+1); mask[at] != mask[last] {
							t.Fatalf("%s: pixels %d and %d of a letter of twice the size differ", where, at, last)
						}
						key += fmt.Sprint(int(mask[at]))
					}
					letter, ok := drawn[key]
					if !ok {
						t.Fatalf("%s: cell %d is no letter", where, cell)
					}
					found[letter] = true
				}
			}
			if len(found) != 27 {
				t.Errorf("%s: %d of 26 letters and the space", where, len(found))
			}
		}
	}
}
