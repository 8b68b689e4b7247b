//go:build linux && amd64 && cgo

package onednn_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // networks read as mathematics
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"darkroom/lib/engine/onednn"
	"darkroom/lib/nn"
)

// step is one training step of a network like one of the reference networks; it returns the loss.
type step struct {
	x, t func(r *rand.Rand) *tensors.Tensor
	fn   func(s *model.Scope, x, t *Node) *Node
}

var adam = nn.Adam{LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-7}

// update takes one step down the loss's gradient with respect to the variables below the scope.
func update(s *model.Scope, below string, loss *Node) {
	var vars []*model.Variable
	var nodes []*Node
	for v := range s.Store().IterVariables() {
		if v.Trainable && strings.HasPrefix(v.Path(), below) {
			vars = append(vars, v)
		}
	}
	slices.SortFunc(vars, func(a, b *model.Variable) int { return strings.Compare(a.Path(), b.Path()) })
	for _, v := range vars {
		nodes = append(nodes, v.NodeValue(loss.Graph()))
	}
	adam.Update(s.Store(), strings.Trim(below, "/")+"/x", 1000, vars, Gradient(loss, nodes...))
}

// batchNorm normalises by the batch's own mean and variance, without the trained scale and shift.
func batchNorm(x *Node) *Node {
	n := x.Shape().Dim(-1)
	flat := OptimizationBarrier(Reshape(x, -1, n))
	mean := ReduceMean(flat, 0)
	variance := Sub(ReduceMean(Square(flat), 0), Square(mean))
	scale := Div(OnesLike(variance), Sqrt(AddScalar(variance, 1e-3)))
	y := Mul(Sub(flat, ExpandLeftToRank(mean, 2)), ExpandLeftToRank(scale, 2))
	return Reshape(y, x.Shape().Dimensions...)
}

func images(dims ...int) func(r *rand.Rand) *tensors.Tensor {
	return func(r *rand.Rand) *tensors.Tensor { return random(r, dims...) }
}

func dncnn40(s *model.Scope, x, t *Node) *Node {
	g := s.In("net")
	h := nn.ReLU(nn.Conv(g.In("first"), x, nn.ConvConfig{Filters: 32, Kernel: 3, Init: nn.He(s)}))
	for i := range 6 {
		b := g.In("block%d", i)
		h = nn.ReLU(batchNorm(nn.Conv(b, h, nn.ConvConfig{Filters: 32, Kernel: 3, Init: nn.He(s)})))
	}
	y := Sub(x, nn.Conv(g.In("last"), h, nn.ConvConfig{Filters: 1, Kernel: 3, Init: nn.He(s)}))
	loss := ReduceAllMean(Square(Sub(y, t)))
	update(s, "/net/", loss)
	return loss
}

func dcgan28(s *model.Scope, x, _ *Node) *Node {
	init := nn.Normal(s, 0.02)
	conv := func(k, f int) nn.ConvConfig { return nn.ConvConfig{Filters: f, Kernel: k, Stride: 2, Init: init} }
	generator := func(g *model.Scope) *Node {
		z := s.Store().RandomNormal(x.Graph(), shapes.Make(dtypes.Float32, 64, 100))
		h := nn.ReLU(batchNorm(nn.Dense(g.At("dense"), z, 7*7*128, init)))
		h = nn.ConvTranspose(g.At("up1"), Reshape(h, 64, 7, 7, 128), conv(4, 64))
		h = nn.ReLU(batchNorm(h))
		return Tanh(nn.ConvTranspose(g.At("up2"), h, conv(4, 1)))
	}
	discriminator := func(d *model.Scope, x *Node) *Node {
		h := nn.LeakyReLU(nn.Conv(d.At("c1"), x, conv(4, 64)), 0.2)
		h = nn.LeakyReLU(batchNorm(nn.Conv(d.At("c2"), h, conv(4, 128))), 0.2)
		return nn.Dense(d.At("out"), nn.Flatten(h), 1, init)
	}
	g, d := s.At("g"), s.At("d")
	real, fake := discriminator(d, x), discriminator(d, StopGradient(generator(g)))
	lossD := Add(ReduceAllMean(nn.BernoulliLogits(OnesLike(real), real)), ReduceAllMean(nn.BernoulliLogits(ZerosLike(fake), fake)))
	update(s, "/d/", lossD)
	fake = discriminator(d, generator(g))
	lossG := ReduceAllMean(nn.BernoulliLogits(OnesLike(fake), fake))
	update(s, "/g/", lossG)
	return Add(lossD, lossG)
}

var steps = map[string]step{
	"dncnn40": {images(32, 40, 40, 1), images(32, 40, 40, 1), dncnn40},
	"dcgan28": {images(64, 28, 28, 1), images(1), dcgan28},
}

// network is a compiled step with its fixed batch.
type network struct {
	exec  *model.Exec
	x, t  *tensors.Tensor
	first float32 // loss
}

func newNetwork(b compute.Backend, plain bool, s step) *network {
	if plain {
		defer onednn.Pause()()
	}
	r := rand.New(rand.NewPCG(3, 4))
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		panic(err)
	}
	n := &network{x: s.x(r), t: s.t(r)}
	n.exec = model.MustNewExec(b, store, func(scope *model.Scope, x, t *Node) *Node {
		store.SetTraining(x.Graph(), true)
		return s.fn(scope, x, t)
	})
	n.first = n.step()
	return n
}

func (n *network) step() float32 {
	out := n.exec.MustCall(n.x, n.t)
	defer out[0].MustFinalizeAll()
	return tensors.ToScalar[float32](out[0])
}

// BenchmarkStep times whole training steps with plain XLA and with oneDNN, interleaved:
//
//	go test -run '^$' -bench Step -benchtime 50x ./lib/engine/onednn
func BenchmarkStep(b *testing.B) {
	be := enabled(b)
	for _, name := range []string{"dcgan28", "dncnn40"} {
		b.Run(name, func(b *testing.B) {
			nets := [2]*network{newNetwork(be, true, steps[name]), newNetwork(be, false, steps[name])}
			var times, cpu [2][]float64
			before := onednn.Stats()
			for range b.N {
				for k, n := range nets {
					start, startCPU := time.Now(), cpuTime()
					n.step()
					times[k] = append(times[k], 1e3*time.Since(start).Seconds())
					cpu[k] = append(cpu[k], 1e3*(cpuTime()-startCPU).Seconds())
				}
			}
			median := func(v []float64) float64 { return slices.Sorted(slices.Values(v))[len(v)/2] }
			b.ReportMetric(median(times[0]), "xla-ms")
			b.ReportMetric(median(times[1]), "onednn-ms")
			b.ReportMetric(slices.Min(times[0]), "xla-min-ms")
			b.ReportMetric(slices.Min(times[1]), "onednn-min-ms")
			b.ReportMetric(median(times[1])/median(times[0]), "ratio")
			after := onednn.Stats()
			b.ReportMetric(1e3*(after.Time-before.Time).Seconds()/float64(b.N), "onednn-in-conv-ms")
			b.ReportMetric(float64(after.Calls-before.Calls)/float64(b.N), "calls")
			b.ReportMetric(median(cpu[0]), "xla-cpu-ms")
			b.ReportMetric(median(cpu[1]), "onednn-cpu-ms")
			b.ReportMetric(0, "ns/op")
			b.Logf("first losses %g %g; %+v", nets[0].first, nets[1].first, onednn.Stats())
		})
	}
}

// cpuTime is what all threads of the process have used: other work on the machine disturbs it less than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
