package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"darkroom/lib/engine/programs"
)

// Peers times networks in other frameworks, by the script train_step.py of the workplace in a Python environment that has them.
type Peers struct {
	Python string // the environment's interpreter
	Script string
	source string   // of a script of darkroom's own, in place of Script
	Names  []string // "tf", "torch", "jax": those that the environment has
}

var timed = regexp.MustCompile(`median_ms=([0-9.]+)(?:.* parameters=([0-9]+))?`)

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

// Of are the peers that have a network: TensorFlow alone, for one that brings a script of its own.
func (p *Peers) Of(n Net) (*Peers, error) {
	if n.Peer == "" {
		return p, nil
	}
	if !slices.Contains(p.Names, "tf") {
		return nil, fmt.Errorf("%s is timed beside TensorFlow, which %s has not: `%[2]s -m pip install tensorflow-cpu`", n.Name, p.Python)
	}
	return &Peers{Python: p.Python, source: n.Peer, Names: []string{"tf"}}, nil
}

// Timed is what a peer says of a network.
type Timed struct {
	Step       float64 // the median, in milliseconds
	Memory     float64 // the most that the process had, in MiB
	Parameters int     // that are trained; 0 if the script does not say
}

// Time runs the script once.
func (p *Peers) Time(ctx context.Context, framework, net string) (t Timed, err error) {
	script := []string{p.Script}
	if p.source != "" {
		script = []string{"-c", p.source}
	}
	var out []byte
	out, t.Memory, err = run(exec.CommandContext(ctx, p.Python, append(script, framework, net)...))
	if err != nil {
		return t, err
	}
	m := timed.FindSubmatch(out)
	if m == nil {
		return t, fmt.Errorf("the script that times %s in %s printed no median_ms: %q", net, framework, out)
	}
	if t.Step, err = strconv.ParseFloat(string(m[1]), 64); err != nil || m[2] == nil {
		return t, err
	}
	t.Parameters, err = strconv.Atoi(string(m[2]))
	return t, err
}

// first prints the seconds that a network's first step takes: making its parameters, tracing, compiling and one step.
const first = `import runpy, sys, time
module, framework, net = runpy.run_path(sys.argv[1]), *sys.argv[2:]
begin = time.perf_counter()
module[framework + "_step"](net)()
print(time.perf_counter() - begin)`

// Compile returns the seconds that JAX needs for a network's first step.
func (p *Peers) Compile(ctx context.Context, framework, net string) (float64, error) {
	out, _, err := run(exec.CommandContext(ctx, p.Python, "-c", first, p.Script, framework, net))
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// Memory is the most memory, in MiB, that a process of its own has while it compiles and carries out the steps of a network.
func Memory(ctx context.Context, net string, steps int) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, self, "bench", "step", net, "--rounds", "1", "--steps", strconv.Itoa(steps))
	cmd.Env = append(os.Environ(), programs.Env+"=off")
	_, mib, err := run(cmd)
	return mib, err
}

// run returns what a command prints, and the most memory that it had, in MiB. The error carries the command's last line of complaint.
func run(cmd *exec.Cmd) (out []byte, mib float64, err error) {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err = cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return nil, 0, fmt.Errorf("%s: %w: %s", cmd.Path, err, lines[len(lines)-1])
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		mib = float64(u.Maxrss) / 1024 // KiB on Linux
	}
	return out, mib, nil
}
