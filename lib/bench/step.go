package bench

import (
	"math/rand/v2"
	"slices"
	"time"

	"darkroom/lib/nn"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Stepper is a compiled training step with its batch.
type Stepper struct {
	Parameters int // that are trained

	exec  *model.Exec
	batch []any
}

// adam is that of NETS.md.
var adam = nn.Adam{LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-7}

// New builds and compiles a network's step, and carries it out once.
func New(b compute.Backend, n Net) (s *Stepper, err error) {
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		return nil, err
	}
	s = &Stepper{}
	s.exec, err = model.NewExec(b, store, func(scope *model.Scope, in []*graph.Node) *graph.Node {
		store.SetTraining(in[0].Graph(), true)
		var total *graph.Node
		for _, o := range n.Objectives {
			loss := o.Loss(scope, in)
			var vars []*model.Variable
			var nodes []*graph.Node
			for v := range store.Scope(o.Scope).IterVariables() {
				if v.Trainable {
					s.Parameters += v.Shape().Size()
					vars, nodes = append(vars, v), append(nodes, v.NodeValue(loss.Graph()))
				}
			}
			adam.Update(store, o.Scope, 1, vars, graph.Gradient(loss, nodes...))
			if total == nil {
				total = loss
			} else {
				total = graph.Add(total, loss)
			}
		}
		return total
	})
	if err != nil {
		return nil, err
	}
	for _, t := range n.Batch(rand.New(rand.NewPCG(0, 0))) {
		s.batch = append(s.batch, t)
	}
	_, err = s.Step()
	return s, err
}

// Step carries out one step and returns its loss on the host.
func (s *Stepper) Step() (float32, error) {
	out, err := s.exec.Call(s.batch...)
	if err != nil {
		return 0, err
	}
	loss := tensors.ToScalar[float32](out[0])
	return loss, out[0].FinalizeAll()
}

// Time takes steps after some to warm up, each ended by reading the loss, and returns their median and shortest time in milliseconds.
func (s *Stepper) Time(warm, steps int) (median, least float64, err error) {
	var times []float64
	for i := range warm + steps {
		begin := time.Now()
		if _, err := s.Step(); err != nil {
			return 0, 0, err
		}
		if i >= warm {
			times = append(times, float64(time.Since(begin))/float64(time.Millisecond))
		}
	}
	return Median(times), slices.Min(times), nil
}

// Close frees what the step holds.
func (s *Stepper) Close() { s.exec.Finalize() }

// Median is the middle value.
func Median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
