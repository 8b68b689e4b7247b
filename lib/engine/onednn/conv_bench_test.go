//go:build linux && amd64 && cgo

package onednn_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"darkroom/lib/engine/onednn"
)

// layer is a convolution with padding SAME whose larger side is size.
type layer struct{ n, size, c, k, kernel, stride int }

// The layers of the five reference networks, and a few that are not in them.
var layers = []layer{
	{64, 28, 1, 64, 4, 2}, {64, 14, 64, 128, 4, 2}, // dcgan28
	{128, 28, 1, 32, 4, 2}, {128, 14, 32, 64, 4, 2}, // vae28
	{32, 40, 1, 32, 3, 1}, {32, 40, 32, 32, 3, 1}, {32, 40, 32, 1, 3, 1}, // dncnn40
	{16, 64, 3, 16, 3, 1}, {16, 64, 16, 16, 3, 1}, {16, 32, 32, 32, 3, 1}, {16, 16, 64, 64, 3, 1}, {16, 8, 128, 128, 3, 1}, // unet64
	{16, 16, 64, 128, 2, 2}, {16, 64, 16, 32, 2, 2}, {16, 64, 32, 16, 3, 1}, {16, 64, 16, 1, 1, 1},
	{1, 256, 1, 64, 3, 1}, {1, 256, 64, 64, 3, 1}, {1, 128, 64, 3, 9, 1}, {16, 64, 3, 64, 7, 1}, {8, 32, 256, 256, 3, 1},
}

// graphs returns the three convolutions of a layer and their arguments.
func (l layer) graphs(r *rand.Rand) (names []string, fs []func(a, b *graph.Node) *graph.Node, args [][2]*tensors.Tensor) {
	small := (l.size + l.stride - 1) / l.stride
	total := max((small-1)*l.stride+l.kernel-l.size, 0)
	before := total / 2
	after := total - before
	x, w, y := random(r, l.n, l.size, l.size, l.c), random(r, l.kernel, l.kernel, l.c, l.k), random(r, l.n, small, small, l.k)
	pads := func(a, b int) [][2]int { return [][2]int{{a, b}, {a, b}} }
	forward := func(x, w *graph.Node) *graph.Node {
		return graph.Convolve(x, w).Strides(l.stride).PaddingPerDim(pads(before, after)).Done()
	}
	data := func(y, w *graph.Node) *graph.Node {
		axes := graph.ConvolveAxesConfig{InputSpatial: []int{1, 2}, InputChannels: 3, KernelSpatial: []int{0, 1}, KernelInputChannels: 3,
			KernelOutputChannels: 2, OutputSpatial: []int{1, 2}, OutputChannels: 3}
		near := l.kernel - 1 - before
		return graph.Convolve(y, graph.Reverse(w, 0, 1)).AxesConfig(axes).InputDilationPerAxis(l.stride, l.stride).
			PaddingPerDim(pads(near, l.size-1+l.kernel-((small-1)*l.stride+1)-near)).Done()
	}
	weights := func(x, y *graph.Node) *graph.Node {
		axes := graph.ConvolveAxesConfig{InputBatch: 3, InputSpatial: []int{1, 2}, KernelSpatial: []int{1, 2}, KernelOutputChannels: 3,
			OutputBatch: 2, OutputSpatial: []int{0, 1}, OutputChannels: 3}
		return graph.Convolve(x, y).AxesConfig(axes).DilationPerAxis(l.stride, l.stride).
			PaddingPerDim(pads(before, l.kernel-1+(small-1)*l.stride+1-l.size-before)).Done()
	}
	return []string{"forward", "data", "weights"}, []func(a, b *graph.Node) *graph.Node{forward, data, weights},
		[][2]*tensors.Tensor{{x, w}, {y, w}, {x, y}}
}

// BenchmarkConv times each convolution of the table with XLA and with oneDNN, interleaved:
//
//	go test -run '^$' -bench Conv -benchtime 30x ./lib/engine/onednn
func BenchmarkConv(b *testing.B) {
	be := enabled(b)
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range layers {
		names, fs, args := l.graphs(r)
		small := (l.size + l.stride - 1) / l.stride
		gflop := 2e-9 * float64(l.n*small*small*l.k*l.c*l.kernel*l.kernel)
		for i, f := range fs {
			b.Run(fmt.Sprintf("%dx%dx%dx%d-%d-k%ds%d-%s", l.n, l.size, l.size, l.c, l.k, l.kernel, l.stride, names[i]), func(b *testing.B) {
				var execs [2]*graph.Exec
				for k := range execs {
					execs[k] = compile2(be, k == 0, f, args[i])
				}
				var times [2][]float64
				for range b.N {
					for k, e := range execs {
						start := time.Now()
						out := e.MustCall(args[i][0], args[i][1])
						out[0].MustFinalizeAll()
						times[k] = append(times[k], time.Since(start).Seconds())
					}
				}
				xla, dnn := slices.Min(times[0]), slices.Min(times[1]) // the best, because other work on the machine only adds
				b.ReportMetric(1e3*xla, "xla-ms")
				b.ReportMetric(1e3*dnn, "onednn-ms")
				b.ReportMetric(gflop/xla, "xla-GFLOP/s")
				b.ReportMetric(gflop/dnn, "onednn-GFLOP/s")
				b.ReportMetric(dnn/xla, "ratio")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func compile2(b compute.Backend, plain bool, f func(a, b *graph.Node) *graph.Node, args [2]*tensors.Tensor) *graph.Exec {
	e := graph.MustNewExec(b, f)
	if plain {
		defer onednn.Pause()()
	}
	e.MustCall(args[0], args[1])
	return e
}
