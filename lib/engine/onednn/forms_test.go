//go:build linux && amd64 && cgo

package onednn_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // forms read as mathematics

	"darkroom/lib/engine/onednn"
)

// form is a convolution operation that GoMLX's own gradients do not make.
type form struct {
	name string
	a, b []int // shapes
	fn   func(a, b *Node) *Node
}

func axes(kernelIn, kernelOut int, kernelSpatial ...int) ConvolveAxesConfig {
	return ConvolveAxesConfig{InputSpatial: []int{1, 2}, InputChannels: 3, KernelInputChannels: kernelIn, KernelOutputChannels: kernelOut,
		KernelSpatial: kernelSpatial, OutputSpatial: []int{1, 2}, OutputChannels: 3}
}

var gradientAxes = ConvolveAxesConfig{InputBatch: 3, InputSpatial: []int{1, 2}, KernelSpatial: []int{1, 2}, KernelOutputChannels: 3,
	OutputBatch: 2, OutputSpatial: []int{0, 1}, OutputChannels: 3}

var forms = []form{
	{"transposed, kernel not reversed", []int{3, 7, 6, 20}, []int{4, 3, 8, 20}, func(x, w *Node) *Node {
		return Convolve(x, w).AxesConfig(axes(3, 2, 0, 1)).InputDilationPerAxis(2, 3).PaddingPerDim([][2]int{{2, 2}, {1, 1}}).Done()
	}},
	{"transposed, kernel [h, w, in, out], not reversed", []int{3, 7, 6, 20}, []int{4, 3, 20, 8}, func(x, w *Node) *Node {
		return Convolve(x, w).InputDilationPerAxis(2, 3).PaddingPerDim([][2]int{{3, 2}, {2, 0}}).Done()
	}},
	{"transposed to one channel", []int{5, 7, 7, 33}, []int{4, 4, 1, 33}, func(x, w *Node) *Node {
		return Convolve(x, Reverse(w, 0, 1)).AxesConfig(axes(3, 2, 0, 1)).InputDilationPerAxis(2, 2).
			PaddingPerDim([][2]int{{2, 2}, {2, 2}}).Done()
	}},
	{"transposed to one channel, one image", []int{1, 37, 7, 33}, []int{3, 3, 2, 33}, func(x, w *Node) *Node {
		return Convolve(x, w).AxesConfig(axes(3, 2, 0, 1)).InputDilationPerAxis(2, 2).PaddingPerDim([][2]int{{1, 2}, {2, 2}}).Done()
	}},
	{"transposed, one image", []int{1, 37, 9, 16}, []int{3, 3, 24, 16}, func(x, w *Node) *Node {
		return Convolve(x, Reverse(w, 0, 1)).AxesConfig(axes(3, 2, 0, 1)).InputDilationPerAxis(2, 2).
			PaddingPerDim([][2]int{{1, 2}, {2, 2}}).Done()
	}},
	{"transposed, stride above kernel", []int{2, 9, 9, 16}, []int{2, 2, 24, 16}, func(x, w *Node) *Node {
		return Convolve(x, w).AxesConfig(axes(3, 2, 0, 1)).InputDilationPerAxis(3, 3).PaddingPerDim([][2]int{{1, 3}, {1, 2}}).Done()
	}},
	{"transposed in groups", []int{4, 6, 6, 12}, []int{3, 3, 6, 4}, func(x, w *Node) *Node {
		return Convolve(x, w).AxesConfig(axes(3, 2, 0, 1)).InputDilationPerAxis(2, 2).PaddingPerDim([][2]int{{1, 2}, {1, 2}}).
			ChannelGroupCount(3).Done()
	}},
	{"depthwise", []int{3, 12, 12, 32}, []int{3, 3, 1, 32}, func(x, w *Node) *Node {
		return Convolve(x, w).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).ChannelGroupCount(32).Done()
	}},
	{"kernel gradient in groups", []int{4, 9, 9, 12}, []int{4, 9, 9, 18}, func(x, y *Node) *Node {
		return Convolve(x, y).AxesConfig(gradientAxes).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).BatchGroupCount(3).Done()
	}},
	{"forward, kernel [out, h, w, in]", []int{4, 9, 9, 12}, []int{20, 3, 3, 12}, func(x, w *Node) *Node {
		return Convolve(x, w).AxesConfig(axes(3, 0, 1, 2)).StridePerAxis(2, 1).PaddingPerDim([][2]int{{1, 1}, {0, 1}}).Done()
	}},
	{"forward to three channels", []int{3, 19, 17, 24}, []int{9, 5, 24, 3}, func(x, w *Node) *Node {
		return Convolve(x, w).PaddingPerDim([][2]int{{4, 4}, {1, 0}}).Done()
	}},
	{"forward to two channels, dilated, one image", []int{1, 40, 17, 24}, []int{3, 3, 24, 2}, func(x, w *Node) *Node {
		return Convolve(x, w).DilationPerAxis(2, 3).PaddingPerDim([][2]int{{2, 2}, {1, 3}}).Done()
	}},
	{"forward, one large image", []int{1, 65, 40, 8}, []int{5, 5, 8, 24}, func(x, w *Node) *Node {
		return Convolve(x, w).StridePerAxis(2, 3).PaddingPerDim([][2]int{{2, 1}, {2, 2}}).Done()
	}},
	{"forward with bias", []int{5, 9, 9, 12}, []int{3, 3, 12, 20}, func(x, w *Node) *Node {
		return Add(Convolve(x, w).PadSame().Done(), ExpandLeftToRank(ReduceSum(w, 0, 1, 2), 4))
	}},
	{"forward with bias, to one channel", []int{5, 9, 9, 12}, []int{3, 3, 12, 1}, func(x, w *Node) *Node {
		return Add(ExpandLeftToRank(ReduceSum(w, 0, 1, 2), 4), Convolve(x, w).PadSame().Done())
	}},
	{"forward with bias, one image in groups", []int{1, 33, 9, 12}, []int{3, 3, 4, 18}, func(x, w *Node) *Node {
		return Add(Convolve(x, w).PadSame().ChannelGroupCount(3).Done(), ExpandLeftToRank(ReduceSum(w, 0, 1, 2), 4))
	}},
	{"kernel gradient of one large image", []int{1, 65, 40, 8}, []int{1, 33, 40, 24}, func(x, y *Node) *Node {
		return Convolve(x, y).AxesConfig(gradientAxes).DilationPerAxis(2, 1).PaddingPerDim([][2]int{{2, 2}, {2, 2}}).Done()
	}},
	{"kernel gradient of one result channel", []int{5, 15, 20, 8}, []int{5, 15, 20, 1}, func(x, y *Node) *Node {
		return Convolve(x, y).AxesConfig(gradientAxes).PaddingPerDim([][2]int{{1, 1}, {2, 1}}).Done()
	}},
	{"kernel gradient of three result channels, stride 2", []int{3, 15, 21, 8}, []int{3, 8, 11, 3}, func(x, y *Node) *Node {
		return Convolve(x, y).AxesConfig(gradientAxes).DilationPerAxis(2, 2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()
	}},
}

// TestForms compares each with XLA's own result; every one must be taken.
func TestForms(t *testing.T) {
	b := enabled(t)
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			x, w := random(r, f.a...), random(r, f.b...)
			before := onednn.Stats()
			_, want := compile(b, true, f.fn, x, w)
			_, got := compile(b, false, f.fn, x, w)
			after := onednn.Stats()
			if after.Taken != before.Taken+1 || after.Calls != before.Calls+1 || after.Fallbacks != before.Fallbacks {
				t.Errorf("not computed by oneDNN: %+v, before %+v", after, before)
			}
			if d := gap(got[0], want[0]); !(d <= 1e-5) {
				t.Errorf("differs from XLA's by %.2g of the largest value", d)
			}
		})
	}
}

// TestSameBits: a hundred runs give the same bits, alone and beside a load of the same kind.
func TestSameBits(t *testing.T) {
	b := enabled(t)
	r := rand.New(rand.NewPCG(7, 8))
	c := testConv{n: 5, h: 13, w: 13, c: 24, k: 32, kh: 3, kw: 3, stride: 2, dilation: 1, groups: 1, pad: [2][2]int{{1, 1}, {1, 1}}}
	x, w, v := c.tensors(r)
	e, first := compile(b, false, c.all, x, w, v)
	want := [][]float32{flat(first[0]), flat(first[1]), flat(first[2])}
	repeat := func(times int) {
		for range times {
			for i, got := range e.MustCall(x, w, v) {
				if !slices.Equal(flat(got), want[i]) {
					t.Errorf("output %d differs from the first run's", i)
				}
				got.MustFinalizeAll()
			}
		}
	}
	repeat(100)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { repeat(25) })
	}
	group.Wait()
}

// TestConcurrent: programs of many shapes compile and run at once, and give the same bits when run again.
func TestConcurrent(t *testing.T) {
	b := enabled(t)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(9, uint64(i)))
			for range 5 {
				c := randomConv(r)
				x, w, v := c.tensors(r)
				e, first := compile(b, false, c.all, x, w, v)
				again := e.MustCall(x, w, v)
				for k := range first {
					if !slices.Equal(flat(first[k]), flat(again[k])) {
						t.Errorf("%+v: output %d differs between two runs", c, k)
					}
				}
			}
		})
	}
	group.Wait()
}
