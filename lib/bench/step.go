package bench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"darkroom/lib/nn"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Stepper is a compiled training step with its batch.
type Stepper struct {
	exec    *model.Exec
	batch   []any
	Compile time.Duration // tracing and compiling
}

// adam is that of NETS.md.
var adam = nn.Adam{LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-7}

// New builds and compiles a network's step.
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
	begin := time.Now()
	_, err = s.Step()
	s.Compile = time.Since(begin)
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

// Peers times networks in other frameworks, by the script train_step.py of the workplace in a Python environment that has them.
type Peers struct {
	Python string // the environment's interpreter
	Script string
	Names  []string // "tf", "torch", "jax": those that the environment has
}

var timed = regexp.MustCompile(`median_ms=([0-9.]+)`)

// modules are what each framework needs.
var modules = map[string]string{"tf": "tensorflow", "torch": "torch", "jax": "jax, optax"}

// NewPeers looks what a Python environment has. The error says what is missing.
func NewPeers(ctx context.Context, venv, script string) (*Peers, error) {
	p := &Peers{Python: filepath.Join(venv, "bin", "python"), Script: script}
	for _, name := range []string{"tf", "torch", "jax"} {
		if exec.CommandContext(ctx, p.Python, "-c", "import "+modules[name]).Run() == nil {
			p.Names = append(p.Names, name)
		}
	}
	if len(p.Names) == 0 {
		return nil, fmt.Errorf("%s has none of tensorflow, torch and jax with optax: make an environment with `python3 -m venv DIR` and `DIR/bin/pip install tensorflow-cpu torch jax optax`", p.Python)
	}
	return p, nil
}

// Time runs the script once and returns the median of its steps in milliseconds.
func (p *Peers) Time(ctx context.Context, framework, net string) (float64, error) {
	cmd := exec.CommandContext(ctx, p.Python, p.Script, framework, net)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return 0, fmt.Errorf("%s %s %s: %w: %s", p.Script, framework, net, err, lines[len(lines)-1])
	}
	m := timed.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%s %s %s printed no median_ms: %q", p.Script, framework, net, out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
