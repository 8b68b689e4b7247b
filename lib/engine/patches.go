package engine

import (
	"math"
	"math/rand/v2"

	"darkroom/lib/data"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/gomlx/core/tensors"
)

// patches makes batches of square patches cut at random from the training pictures, each place being equally likely, and flipped and
// turned in one of the eight ways; for segment, beside them the same patches of their masks. A Picky method's are cut from smaller pictures, too,
// and are the roughest of several.
func (j *job) patches(size, side int) func(step int) []any {
	zooms, rough := 1, 1
	if c, ok := j.method.(methods.Picky); ok {
		zooms, rough = c.PatchChoice()
	}
	var scales []scale
	for n := 1; n <= zooms; n++ {
		if s := newScale(j.data.Train, n, side); s.total > 0 {
			scales = append(scales, s)
		}
	}
	channels := max(j.problem.Channels, 1)
	return func(step int) []any {
		r := stepRandom(j.spec.Seed, step)
		pixels := make([]float32, size*side*side*channels)
		var masks []float32
		if j.task.Kind == lab.Segment {
			masks = make([]float32, size*side*side)
		}
		for b := range size {
			s := scales[0]
			if len(scales) > 1 {
				s = scales[r.IntN(len(scales))]
			}
			k, y, x := s.draw(r)
			if rough > 1 {
				most := roughness(s.pictures[k], y, x, side)
				for range rough - 1 {
					k2, y2, x2 := s.draw(r)
					if v := roughness(s.pictures[k2], y2, x2, side); v > most {
						k, y, x, most = k2, y2, x2, v
					}
				}
			}
			symmetry := r.IntN(8)
			cut(pixels[b*side*side*channels:(b+1)*side*side*channels], s.pictures[k], y, x, side, symmetry)
			if masks != nil {
				cut(masks[b*side*side:(b+1)*side*side], j.data.TrainB[k], y, x, side, symmetry)
			}
		}
		batch := []any{tensors.FromFlatDataAndDimensions(pixels, size, side, side, channels)}
		if masks != nil {
			batch = append(batch, tensors.FromFlatDataAndDimensions(masks, size, side, side, 1))
		}
		return batch
	}
}

// scale is the pictures, so many times smaller, from which a patch of a side can be cut.
type scale struct {
	pictures data.Split
	side     int
	places   []int // running total of the places for a patch
	total    int
}

func newScale(pictures data.Split, times, side int) scale {
	s := scale{pictures: pictures, side: side}
	if times > 1 {
		s.pictures = make(data.Split, len(pictures))
		for i, p := range pictures {
			s.pictures[i] = p.Shrink(times)
		}
	}
	for _, p := range s.pictures {
		s.total += max(p.Height-side+1, 0) * max(p.Width-side+1, 0)
		s.places = append(s.places, s.total)
	}
	return s
}

// draw takes one place at random.
func (s scale) draw(r *rand.Rand) (picture, y, x int) {
	at := r.IntN(s.total)
	for s.places[picture] <= at {
		picture++
	}
	p := s.pictures[picture]
	wide := p.Width - s.side + 1
	at -= s.places[picture] - (p.Height-s.side+1)*wide
	return picture, at / wide, at % wide
}

// roughness is the sum of the squares of the differences to the pixels on the right and below, within a patch, in all channels.
func roughness(p data.Picture, y, x, side int) int {
	sum := 0
	for i := y; i < y+side-1; i++ {
		row, below := p.Pix[i*p.Width*p.Channels:], p.Pix[(i+1)*p.Width*p.Channels:]
		for k := x * p.Channels; k < (x+side-1)*p.Channels; k++ {
			right, down := int(row[k+p.Channels])-int(row[k]), int(below[k])-int(row[k])
			sum += right*right + down*down
		}
	}
	return sum
}

// fitPatches are so many of them for a method that fits at once.
func (j *job) fitPatches(count, side int) (methods.Images, error) {
	pixels, err := tensors.CopyFlatData[float32](j.patches(count, side)(0)[0].(*tensors.Tensor))
	if err != nil {
		return methods.Images{}, err
	}
	channels := j.problem.Channels
	size := side * side * channels
	return methods.Images{N: count, Height: side, Width: side, Channels: channels, Random: stepRandom(j.spec.Seed, -1), At: func(i int) []uint8 {
		out := make([]uint8, size)
		for k := range out {
			out[k] = uint8(math.Round(float64(pixels[i*size+k]) * 255))
		}
		return out
	}}, nil
}

// cut copies a patch, in one of the eight symmetries of the square.
func cut(dst []float32, pic data.Picture, y, x, side, symmetry int) {
	for i := range side {
		for k := range side {
			u, v := i, k
			if symmetry&1 != 0 {
				u = side - 1 - u
			}
			if symmetry&2 != 0 {
				v = side - 1 - v
			}
			if symmetry&4 != 0 {
				u, v = v, u
			}
			at := ((y+u)*pic.Width + x + v) * pic.Channels
			for c, value := range pic.Pix[at : at+pic.Channels] {
				dst[(i*side+k)*pic.Channels+c] = float32(value) / 255
			}
		}
	}
}
