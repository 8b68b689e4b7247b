package nn_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"darkroom/lib/engine/onednn"
	"darkroom/lib/engine/xlatest"
	"darkroom/lib/nn"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // the graph's vocabulary reads as mathematics

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// layer is one geometry of a convolution, with random numbers to put in.
type layer struct {
	x, k, u, w array // input, kernel and a direction for each
	nn.ConvConfig
	transpose bool
}

func (l layer) String() string {
	name := "Conv"
	if l.transpose {
		name = "ConvTranspose"
	}
	return fmt.Sprintf("%s x %v kernel %v stride %d dilation %d groups %d padding %q",
		name, l.x.dims, l.k.dims, l.Stride, l.Dilation, l.Groups, l.Padding)
}

// newLayer fills in a configuration as its documentation says.
func newLayer(r *rand.Rand, transpose bool, h, w, in int, c nn.ConvConfig) layer {
	c.Stride, c.Dilation, c.Groups, c.NoBias, c.Init = max(c.Stride, 1), max(c.Dilation, 1), max(c.Groups, 1), true, Zeros
	xd, kd := []int{2, h, w, in}, []int{c.Kernel, c.Kernel, in / c.Groups, c.Filters}
	if transpose {
		kd = []int{c.Kernel, c.Kernel, c.Filters / c.Groups, in}
	}
	return layer{random(r, xd...), random(r, kd...), random(r, xd...), random(r, kd...), c, transpose}
}

// graph is the block with its kernel as an input.
func (l layer) graph(s *nn.Scope, x, k *Node) *Node {
	s.VariableWithShape("kernel", k.Shape()).SetNodeValue(k)
	if l.transpose {
		return nn.ConvTranspose(s, x, l.ConvConfig)
	}
	return nn.Conv(s, x, l.ConvConfig)
}

// loops is the same by loops.
func (l layer) loops(x, k array) array {
	if l.transpose {
		return convTranspose(x, k, l.ConvConfig)
	}
	return conv(x, k, l.ConvConfig)
}

// optionLayers have each option of ConvConfig, alone and with others.
func optionLayers(r *rand.Rand) (layers []layer) {
	add := func(transpose bool, filters int, configs ...nn.ConvConfig) {
		for _, c := range configs {
			c.Filters = filters
			layers = append(layers, newLayer(r, transpose, 5, 4, 4, c))
		}
	}
	add(false, 2, nn.ConvConfig{Kernel: 3, Padding: nn.Valid}, nn.ConvConfig{Kernel: 1, Padding: nn.Valid, Stride: 3},
		nn.ConvConfig{Kernel: 3, Padding: nn.PadReflect}, nn.ConvConfig{Kernel: 4, Padding: nn.PadReflect, Stride: 2},
		nn.ConvConfig{Kernel: 5, Padding: nn.PadReplicate}, nn.ConvConfig{Kernel: 3, Padding: nn.PadReplicate, Dilation: 2, Groups: 2},
		nn.ConvConfig{Kernel: 2, Dilation: 3, Stride: 2}, nn.ConvConfig{Kernel: 3, Groups: 2})
	add(false, 4, nn.ConvConfig{Kernel: 3, Groups: 4, Padding: nn.Valid})
	add(true, 2, nn.ConvConfig{Kernel: 2, Padding: nn.Valid, Stride: 2}, nn.ConvConfig{Kernel: 1, Padding: nn.Valid, Stride: 3},
		nn.ConvConfig{Kernel: 3, Dilation: 2}, nn.ConvConfig{Kernel: 3, Groups: 2, Stride: 2},
		nn.ConvConfig{Kernel: 2, Groups: 2, Dilation: 2, Stride: 3, Padding: nn.Valid})
	return layers
}

// compute gives what each layer asks for, some layers in one program: compiling is what takes the time, and the XLA plugin has hung on
// programs of more than fifty small float64 convolutions.
func compute(t *testing.T, atOnce int, layers []layer, inputs func(l layer) []array, fn func(l layer, s *nn.Scope, in []*Node) []*Node) (all [][]array) {
	t.Helper()
	for some := range slices.Chunk(layers, atOnce) {
		var args []any
		var outputs []int
		for _, l := range some {
			for _, a := range inputs(l) {
				args = append(args, a.tensor())
			}
		}
		got := model.MustCallOnceN(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, in []*Node) []*Node {
			var out []*Node
			for i, l := range some {
				n := len(inputs(l))
				made := fn(l, s.At("layer%d", i), in[:n])
				in, out, outputs = in[n:], append(out, made...), append(outputs, len(made))
			}
			return out
		}, args...)
		for _, n := range outputs {
			var of []array
			for _, v := range got[:n] {
				of = append(of, array{v.Shape().Dimensions, flat64(v)})
			}
			all, got = append(all, of), got[n:]
		}
	}
	return all
}

func TestConvForward(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var layers []layer
	sizes := [][2]int{{5, 6}, {7, 4}, {1, 2}}
	for stride := 1; stride <= 3; stride++ {
		for side := 1; side <= 5; side++ {
			for i, transpose := range []bool{false, true} {
				hw := sizes[(side+i)%3]
				layers = append(layers, newLayer(r, transpose, hw[0], hw[1], 1+(i+side)%4,
					nn.ConvConfig{Kernel: side, Filters: 1 + (i+stride)%4, Stride: stride}))
			}
		}
	}
	layers = append(layers, optionLayers(r)...)
	got := compute(t, 10, layers, func(l layer) []array { return []array{l.x, l.k} },
		func(l layer, s *nn.Scope, in []*Node) []*Node { return []*Node{l.graph(s, in[0], in[1])} })
	for i, l := range layers {
		want := l.loops(l.x, l.k)
		if fmt.Sprint(got[i][0].dims) != fmt.Sprint(want.dims) {
			t.Errorf("%s: shape %v, want %v", l, got[i][0].dims, want.dims)
		}
		near(t, l.String(), got[i][0].v, want.v, 1e-12)
	}
}

// TestConvGradients compares first and second derivatives with differences of the loops. The function is f = Σ y³/6; the second derivatives
// are those of its slope along the direction (u, w).
func TestConvGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var layers []layer
	for stride := 1; stride <= 3; stride++ {
		for side := 1; side <= 5; side++ {
			transpose := (stride+side)%2 == 0
			layers = append(layers, newLayer(r, transpose, 4-stride%2, 5, 2, nn.ConvConfig{Kernel: side, Filters: 1, Stride: stride}))
		}
	}
	layers = append(layers, optionLayers(r)...)
	cube := func(y *Node) *Node { return MulScalar(ReduceAllSum(Mul(y, Square(y))), 1.0/6) }
	got := compute(t, 2, layers, func(l layer) []array { return []array{l.x, l.k, l.u, l.w} },
		func(l layer, s *nn.Scope, in []*Node) []*Node {
			first := Gradient(cube(l.graph(s, in[0], in[1])), in[0], in[1])
			along := Add(ReduceAllSum(Mul(first[0], in[2])), ReduceAllSum(Mul(first[1], in[3])))
			return append(first, Gradient(along, in[0], in[1])...)
		})
	for i, l := range layers {
		f := func(x, k array) float64 {
			s := 0.0
			for _, y := range l.loops(x, k).v {
				s += y * y * y / 6
			}
			return s
		}
		along := func(x, k array) float64 {
			const h = 1e-3
			return (f(x.moved(h, l.u), k.moved(h, l.w)) - f(x.moved(-h, l.u), k.moved(-h, l.w))) / (2 * h)
		}
		for j, want := range []array{
			slope(func(x array) float64 { return f(x, l.k) }, l.x), slope(func(k array) float64 { return f(l.x, k) }, l.k),
			slope(func(x array) float64 { return along(x, l.k) }, l.x), slope(func(k array) float64 { return along(l.x, k) }, l.k),
		} {
			what := []string{"first derivative by x", "first derivative by kernel", "second derivative by x", "second derivative by kernel"}[j]
			near(t, l.String()+": "+what, got[i][j].v, want.v, []float64{1e-6, 1e-6, 1e-4, 1e-4}[j])
		}
	}
}

// TestConvAdjoint: with the same kernel, ⟨Conv(x), y⟩ = ⟨x, ConvTranspose(y)⟩.
func TestConvAdjoint(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	var layers []layer
	for stride := 1; stride <= 3; stride++ {
		for side := 1; side <= 5; side++ {
			l := newLayer(r, false, 2*stride, 3*stride, 3, nn.ConvConfig{Kernel: side, Filters: 2, Stride: stride})
			l.u = random(r, 2, 2, 3, 2) // y
			layers = append(layers, l)
		}
	}
	got := compute(t, 8, layers, func(l layer) []array { return []array{l.x, l.k, l.u} },
		func(l layer, s *nn.Scope, in []*Node) []*Node {
			back := layer{ConvConfig: l.ConvConfig, transpose: true}
			back.Filters = 3
			return []*Node{l.graph(s.At("forward"), in[0], in[1]), back.graph(s.At("back"), in[2], in[1])}
		})
	for i, l := range layers {
		near(t, l.String(), []float64{dot(got[i][0], l.u)}, []float64{dot(l.x, got[i][1])}, 1e-12)
	}
}

// TestConvFloat32 has sizes of a real network, which oneDNN computes where it is on.
func TestConvFloat32(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	for _, l := range []layer{
		newLayer(r, false, 14, 14, 16, nn.ConvConfig{Kernel: 4, Filters: 32, Stride: 2}),
		newLayer(r, true, 7, 7, 32, nn.ConvConfig{Kernel: 4, Filters: 16, Stride: 2}),
		newLayer(r, false, 20, 20, 16, nn.ConvConfig{Kernel: 3, Filters: 16}),
		newLayer(r, false, 20, 20, 16, nn.ConvConfig{Kernel: 3, Filters: 16, Dilation: 2}),
		newLayer(r, true, 10, 10, 16, nn.ConvConfig{Kernel: 3, Filters: 16, Dilation: 2, Stride: 2}),
		newLayer(r, false, 20, 20, 32, nn.ConvConfig{Kernel: 3, Filters: 16, Groups: 2, Stride: 2}),
		newLayer(r, false, 20, 20, 16, nn.ConvConfig{Kernel: 3, Filters: 16, Groups: 16, Padding: nn.Valid}),
		newLayer(r, true, 10, 10, 16, nn.ConvConfig{Kernel: 4, Filters: 24, Groups: 4, Stride: 2}),
		newLayer(r, false, 21, 20, 16, nn.ConvConfig{Kernel: 3, Filters: 16, Stride: 2, Padding: nn.Valid}),
		newLayer(r, false, 20, 20, 16, nn.ConvConfig{Kernel: 5, Filters: 16, Padding: nn.PadReflect}),
	} {
		before := onednn.Stats()
		got := model.MustCallOnceN(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, x, k *Node) []*Node {
			y := l.graph(s, x, k)
			return append([]*Node{y}, Gradient(MulScalar(ReduceAllSum(Square(y)), 0.5), x, k)...)
		}, single(l.x), single(l.k))
		if after := onednn.Stats(); after.Programs > 0 && after.Taken != before.Taken+3 { // it is on
			t.Errorf("%s: oneDNN took %d of the convolution and its two gradients", l, after.Taken-before.Taken)
		}
		y := l.loops(l.x, l.k)
		dx, dk := zeros(l.x.dims...), zeros(l.k.dims...)
		if l.transpose { // y is the big side
			dx = conv(y, l.k, l.ConvConfig)
			taps(y.dims, l.k.dims, l.ConvConfig, func(b, i, j, u, v, p, q, in, out int) {
				dk.v[dk.at(p, q, in%dk.dims[2], out)] += y.v[y.at(b, u, v, in)] * l.x.v[l.x.at(b, i, j, out)]
			})
		} else {
			taps(l.x.dims, l.k.dims, l.ConvConfig, func(b, i, j, u, v, p, q, in, out int) {
				dx.v[dx.at(b, u, v, in)] += y.v[y.at(b, i, j, out)] * l.k.v[l.k.at(p, q, in%dk.dims[2], out)]
				dk.v[dk.at(p, q, in%dk.dims[2], out)] += y.v[y.at(b, i, j, out)] * l.x.v[l.x.at(b, u, v, in)]
			})
		}
		for i, want := range []array{y, dx, dk} {
			near(t, l.String()+": "+[]string{"y", "gradient by x", "gradient by kernel"}[i],
				wide(tensors.MustCopyFlatData[float32](got[i])), want.v, 2e-6)
		}
	}
}
