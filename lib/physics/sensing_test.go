package physics_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics_test.go

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestFourier: with every coefficient measured, Ax is (Re F − Im F)/√(hw) of the sum that defines the discrete Fourier transform F, so that
// F is told by the pair at f and −f; and the pairs are measured together.
func TestFourier(t *testing.T) {
	const h, w = 5, 6
	op, x := physics.Fourier{Share: 0.4}, lcg(h*w, 11)
	got := apply(t, x, h, w, func(x *Node) *Node { return op.Forward(x, OnesLike(x)) })
	for v := range h {
		for u := range w {
			var f complex128
			for i, p := range x {
				f += complex(float64(p), 0) * cmplx.Rect(1, -2*math.Pi*(float64(v*(i/w))/h+float64(u*(i%w))/w))
			}
			if want := (real(f) - imag(f)) / math.Sqrt(h*w); math.Abs(float64(got[v*w+u])-want) > 1e-6 {
				t.Errorf("coefficient %d, %d is %g, want %g", v, u, got[v*w+u], want)
			}
		}
	}
	for where, pictures := range masks(t, op, 40, 9, 10) {
		share, low, high := 0.0, 0.0, 0.0
		for _, mask := range pictures {
			for i, m := range mask {
				if other := (9-i/10)%9*10 + (10-i%10)%10; mask[other] != m {
					t.Fatalf("%s: coefficient %d is measured and its partner %d is not", where, i, other)
				}
				share += float64(m) / 40 / 90
			}
			low, high = low+float64(mask[1]+mask[10])/80, high+float64(mask[45]+mask[54])/80
		}
		if math.Abs(share-0.4) > 0.03 || low < 0.95 || high > 0.2 {
			t.Errorf("%s: %.3f of the coefficients are measured, want 0.4; %.2f of the lowest and %.2f of the highest", where, share, low, high)
		}
	}
}

// TestHadamard: the matrix of side 2 by hand, and the means of the blocks are always measured.
func TestHadamard(t *testing.T) {
	op := physics.Hadamard{Share: 0.4, Side: 2}
	x := []float32{0.1, 0.7, 0.4, 0.2}
	got := apply(t, x, 2, 2, func(x *Node) *Node { return op.Forward(x, OnesLike(x)) })
	near(t, "the coefficients", got, 0.7, -0.2, 0.1, -0.4)
	for where, pictures := range masks(t, op, 10, 20, 20) {
		share := 0.0
		for _, mask := range pictures {
			for i, m := range mask {
				if mean := i/20%2 == 0 && i%2 == 0; mean && m == 0 {
					t.Fatalf("%s: the mean at %d is not measured", where, i)
				}
				share += float64(m) / 4000
			}
		}
		if math.Abs(share-0.4) > 0.04 {
			t.Errorf("%s: %.3f of the coefficients are measured, want 0.4", where, share)
		}
	}
}

// TestSensing: Φ has orthonormal rows, its numbers have a Gaussian's fourth moment, and each block is measured by itself.
func TestSensing(t *testing.T) {
	op := physics.Sensing{Share: 0.5, Side: 16}
	const pixels, rows = 256, 128
	eye := make([]float32, pixels*pixels) // picture i is 1 at pixel i
	for i := range pixels {
		eye[i*pixels+i] = 1
	}
	phi := tensors.MustCopyFlatData[float32](MustExecOnce(xlatest.Backend(t), func(x *Node) *Node { return op.Forward(x, nil) },
		tensors.FromFlatDataAndDimensions(eye, pixels, 16, 16, 1))) // [pixels, rows]
	second, fourth := 0.0, 0.0
	for _, v := range phi {
		second += math.Pow(float64(v), 2) / pixels / rows
		fourth += math.Pow(float64(v), 4) / pixels / rows
	}
	if math.Abs(second*pixels-1) > 1e-5 || math.Abs(fourth/second/second-3) > 0.15 {
		t.Errorf("E[φ²] = %g/256, kurtosis %g; want 1 and about 3", second*pixels, fourth/second/second)
	}
	x := lcg(32*16, 3)
	whole := apply(t, x, 16, 32, func(x *Node) *Node { return op.Forward(x, nil) })
	var right []float32
	for i := range 16 {
		right = append(right, x[i*32+16:i*32+32]...)
	}
	alone := apply(t, right, 16, 16, func(x *Node) *Node { return op.Forward(x, nil) })
	for i, v := range alone {
		if math.Abs(float64(whole[rows+i]-v)) > 1e-6 {
			t.Fatalf("measurement %d of the right block is %g, and %g of the block alone", i, whole[rows+i], v)
		}
	}
	for _, bad := range []physics.Operator{op, physics.Hadamard{Share: 0.5, Side: 16}} {
		if _, err := ExecOnce(xlatest.Backend(t), func(x *Node) *Node { return bad.Forward(x, x) }, tensors.FromFlatDataAndDimensions(x[:16*17], 1, 16, 17, 1)); err == nil {
			t.Errorf("%s: a picture of 17×16 is no error", bad.Describe())
		}
	}
}

// TestJPEG: the sums in a graph against Go's encoder and decoder, which round their cosines, and the deviation that is told against that of a
// picture of the model which it is told for.
func TestJPEG(t *testing.T) {
	const h, w = 30, 45
	picture := lab.NewImage(h, w, 1)
	for i := range picture.Pix {
		y, x := float64(i/w), float64(i%w)
		picture.Pix[i] = float32(0.5 + 0.3*math.Sin(x/3+y*y/60) + 0.15*math.Cos(y/2-x/7))
	}
	for _, quality := range []int{10, 30, 50, 90, 100} {
		op := physics.JPEG{Quality: quality}
		host := lab.Image{Height: h, Width: w, Channels: 1, Pix: append([]float32(nil), picture.Pix...)}
		op.Corrupt(nil, host)
		var file bytes.Buffer
		if err := jpeg.Encode(&file, picture.Standard(), &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		decoded, err := jpeg.Decode(&file)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range host.Pix {
			if want := float32(decoded.(*image.Gray).GrayAt(i%w, i/w).Y) / 255; v != want {
				t.Fatalf("quality %d: pixel %d is %g, want %g", quality, i, v, want)
			}
		}
		graph := tensors.MustCopyFlatData[float32](model.MustCallOnce(xlatest.Backend(t), seeded(t), func(s *model.Scope, x *Node) *Node {
			return physics.DrawNoise(op, s, x)
		}, tensors.FromFlatDataAndDimensions(picture.Pix, 1, h, w, 1)))
		lost, apart := 0.0, 0.0
		for i, v := range graph {
			lost += math.Pow(float64(host.Pix[i]-picture.Pix[i]), 2) / h / w
			apart += math.Pow(float64(host.Pix[i]-v), 2) / h / w
		}
		if d := 255 * math.Sqrt(apart); d > 0.6 || apart > 0.1*lost && quality < 90 {
			t.Errorf("quality %d: the graph is %.2f levels of 255 from the encoder, which is %.2f from the picture", quality, d, 255*math.Sqrt(lost))
		}
	}
	r, side := rand.New(rand.NewPCG(4, 8)), 64
	markov := lab.NewImage(side, side, 1)
	for i := range markov.Pix { // separable, of correlation 0.95 along either axis
		v := math.Sqrt(1-0.95*0.95) * r.NormFloat64()
		if i%side == 0 {
			v = r.NormFloat64()
		} else {
			v += 0.95 * float64(markov.Pix[i-1])
		}
		markov.Pix[i] = float32(v)
	}
	for i := side; i < side*side; i++ {
		markov.Pix[i] = float32(0.95*float64(markov.Pix[i-side]) + math.Sqrt(1-0.95*0.95)*float64(markov.Pix[i]))
	}
	for i, v := range markov.Pix {
		markov.Pix[i] = min(max(0.5+0.2*v, 0), 1)
	}
	for _, quality := range []int{10, 50, 90} {
		op := physics.JPEG{Quality: quality}
		y := lab.Image{Height: side, Width: side, Channels: 1, Pix: append([]float32(nil), markov.Pix...)}
		op.Corrupt(nil, y)
		lost := 0.0
		for i, v := range y.Pix {
			lost += math.Pow(float64(v-markov.Pix[i]), 2) / float64(len(y.Pix))
		}
		if got := math.Sqrt(lost); math.Abs(op.Sigma()/got-1) > 0.25 {
			t.Errorf("quality %d: σ is told to be %.4f, and is %.4f", quality, op.Sigma(), got)
		}
	}
	colour := lab.NewImage(16, 16, 3)
	for i := range colour.Pix {
		colour.Pix[i] = float32(i%3) / 2
	}
	physics.JPEG{Quality: 95}.Corrupt(nil, colour)
	for i, v := range colour.Pix {
		if math.Abs(float64(v)-float64(i%3)/2) > 0.03 {
			t.Fatalf("a picture of one colour: value %d became %g", i, v)
		}
	}
}
