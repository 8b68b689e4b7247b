package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	_ "embed" // sparse_peer.py
	bits "encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"darkroom/lib/sparse"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// The problem of the workplace's peers/sparse_encode.py.
const (
	PatchSide     = 8
	Cosines       = 16  // for each direction; the dictionary has their square
	SeedLambda    = 0.1 // of |y − Da|² + λ|a|₁: half as much of ½|y − Da|² + λ|a|₁
	PursuedAtoms  = 6
	lassoLambda   = SeedLambda / 2
	lassoMaxSteps = 2000
)

// Patches is the problem: Y are N rows of PatchSide² values, D the overcomplete cosine dictionary as rows.
type Patches struct {
	N    int
	Y, D []float64
}

// NewPatches takes n patches of a grey picture between 0 and 1 at places drawn from seed 0, less their means. They are like those that the peers'
// script draws, but not the same ones.
func NewPatches(grey []float32, width, height, n int) *Patches {
	p := &Patches{N: n, D: wide(sparse.OvercompleteDCT(PatchSide, Cosines).Atoms)}
	r := rand.New(rand.NewPCG(0, 0))
	for range n {
		x, y := r.IntN(width-PatchSide+1), r.IntN(height-PatchSide+1)
		patch, mean := make([]float64, PatchSide*PatchSide), 0.0
		for k := range patch {
			patch[k] = float64(grey[(y+k/PatchSide)*width+x+k%PatchSide])
			mean += patch[k] / float64(len(patch))
		}
		for k := range patch {
			patch[k] -= mean
		}
		p.Y = append(p.Y, patch...)
	}
	return p
}

func wide(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

// Coded says what one solver made of the patches. Objective and gap are means over the patches, in float64: of |y − Da|² + λ|a|₁, for omp and ormp
// without the second term; the gap is that of half of it.
type Coded struct {
	Seconds   float64 `json:"seconds"`
	Objective float64 `json:"objective"`
	Gap       float64 `json:"gap"`
	Nonzeros  float64 `json:"nonzeros"` // for each patch
}

// RelativeGap is the gap as a share of the objective.
func (c Coded) RelativeGap() float64 { return 2 * c.Gap / c.Objective }

// Coder is a compiled solver with its problem.
type Coder struct {
	Compile  time.Duration // tracing and compiling, and the first run
	patches  *Patches
	lasso    bool
	exec     *graph.Exec
	in       []any
	Supports []int32 // of omp and ormp, [N, PursuedAtoms], each patch's sorted, −1 where there are fewer
}

// NewCoder compiles a solver: "omp", "ormp", which is order recursive, or "lasso" by a solver of lib/sparse to a relative tolerance.
func NewCoder(b compute.Backend, p *Patches, task string, solve sparse.Solver, tolerance float64) (*Coder, error) {
	c := &Coder{patches: p, lasso: task == "lasso"}
	var err error
	c.exec, err = graph.NewExec(b, func(y, d *graph.Node) []*graph.Node {
		if c.lasso {
			s := solve(sparse.Lasso{Y: y, D: d, Lambda: lassoLambda}, tolerance, lassoMaxSteps)
			return []*graph.Node{s.A, s.Objective, s.Gap}
		}
		code := sparse.OMP(y, nil, d, sparse.Pursuit{Atoms: PursuedAtoms, Recursive: task == "ormp"})
		return []*graph.Node{code.Coefficients, code.Support}
	})
	if err != nil {
		return nil, err
	}
	size := PatchSide * PatchSide
	c.in = []any{tensors.FromFlatDataAndDimensions(narrow(p.Y), p.N, size), tensors.FromFlatDataAndDimensions(narrow(p.D), len(p.D)/size, size)}
	begin := time.Now()
	_, err = c.Code()
	c.Compile = time.Since(begin)
	return c, err
}

func narrow(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// Close frees what the coder holds.
func (c *Coder) Close() { c.exec.Finalize() }

// Code codes the patches. The time is that until the codes, and for the LASSO their objectives and gaps, are on the host.
func (c *Coder) Code() (Coded, error) {
	begin := time.Now()
	out, err := c.exec.Call(c.in...)
	if err != nil {
		return Coded{}, err
	}
	var values []float32
	var support []int32
	if c.lasso {
		for _, t := range out[1:] {
			_ = tensors.MustCopyFlatData[float32](t)
		}
	} else {
		support = tensors.MustCopyFlatData[int32](out[1])
	}
	values = tensors.MustCopyFlatData[float32](out[0])
	coded := Coded{Seconds: time.Since(begin).Seconds()}
	for _, t := range out {
		if err := t.FinalizeAll(); err != nil {
			return coded, err
		}
	}
	c.certify(&coded, values, support)
	return coded, nil
}

// certify fills in the objective and the gap.
func (c *Coder) certify(to *Coded, values []float32, support []int32) {
	p, size := c.patches, PatchSide*PatchSide
	atoms := len(p.D) / size
	width := len(values) / p.N
	r, a := make([]float64, size), make([]float64, atoms)
	for i := range p.N {
		row := values[i*width : (i+1)*width]
		clear(a)
		for k, v := range row {
			at := k
			if support != nil {
				at = int(support[i*width+k])
			}
			if v != 0 && at >= 0 {
				a[at] = float64(v)
				to.Nonzeros += 1 / float64(p.N)
			}
		}
		copy(r, p.Y[i*size:])
		for k, v := range a {
			if v == 0 {
				continue
			}
			for l, x := range p.D[k*size : (k+1)*size] {
				r[l] -= v * x
			}
		}
		square, penalty, pair, largest := 0.0, 0.0, 0.0, 0.0
		for _, v := range r {
			square += v * v
		}
		if c.lasso {
			for k, v := range a {
				dot := 0.0
				for l, x := range p.D[k*size : (k+1)*size] {
					dot += x * r[l]
				}
				largest, penalty, pair = max(largest, math.Abs(dot)), penalty+lassoLambda*math.Abs(v), pair+dot*v
			}
			s := min(1, lassoLambda/max(largest, 1e-300))
			to.Gap += ((1-s)*(1-s)*square/2 + penalty - s*pair) / float64(p.N)
		}
		to.Objective += (square + 2*penalty) / float64(p.N)
	}
	for i := 0; i < len(support); i += width {
		slices.SortFunc(support[i:i+width], func(x, y int32) int { return cmp.Compare(uint32(x), uint32(y)) }) // −1 last
	}
	c.Supports = support
}

//go:embed sparse_peer.py
var sparsePeer []byte

// SparsePeers codes the same patches in SPAMS and scikit-learn, in a Python process that waits meanwhile.
type SparsePeers struct {
	Names   map[string][]string // by task: those that the environment has
	Patches *Patches
	folder  string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	errors  *bytes.Buffer
}

// NewSparsePeers starts the Python of an environment on n patches of a picture, as sparse_encode.py draws them.
func NewSparsePeers(ctx context.Context, venv, script, picture string, n int) (*SparsePeers, error) {
	p := &SparsePeers{errors: new(bytes.Buffer)}
	if err := p.start(ctx, venv, script, picture, n); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *SparsePeers) start(ctx context.Context, venv, script, picture string, n int) (err error) {
	if p.folder, err = os.MkdirTemp("", "darkroom-peers"); err != nil {
		return err
	}
	own := filepath.Join(p.folder, "sparse_peer.py")
	if err := os.WriteFile(own, sparsePeer, 0o644); err != nil {
		return err
	}
	p.cmd = exec.CommandContext(ctx, filepath.Join(venv, "bin", "python"), own, script, picture, fmt.Sprint(n), p.folder)
	p.cmd.Stderr = p.errors
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		p.cmd = nil
		return err
	}
	var has struct{ Peers map[string][]string }
	if err := p.read(&has); err != nil {
		return err
	}
	p.Names = has.Peers
	if len(p.Names["lasso"]) == 0 {
		return fmt.Errorf("%s has neither spams nor scikit-learn: `%[1]s/bin/pip install spams-bin scikit-learn scikit-image`", venv)
	}
	p.Patches = &Patches{N: n}
	for name, to := range map[string]*[]float64{"y.f64": &p.Patches.Y, "d.f64": &p.Patches.D} {
		raw, err := os.ReadFile(filepath.Join(p.folder, name))
		if err != nil {
			return err
		}
		*to = make([]float64, len(raw)/8)
		if _, err := bits.Decode(raw, bits.LittleEndian, *to); err != nil {
			return err
		}
	}
	return nil
}

// read takes one line of JSON from the peers.
func (p *SparsePeers) read(to any) error {
	if !p.out.Scan() {
		_ = p.cmd.Wait()
		lines := strings.Split(strings.TrimSpace(p.errors.String()), "\n")
		return errors.Join(p.out.Err(), fmt.Errorf("the peers' Python ended: %s", lines[len(lines)-1]))
	}
	return json.Unmarshal(p.out.Bytes(), to)
}

// Code has one peer do a task. supports are those of omp and ormp, as Coder.Supports.
func (p *SparsePeers) Code(name, task string) (c Coded, supports []int32, err error) {
	if _, err := fmt.Fprintln(p.in, name, task); err != nil {
		return c, nil, err
	}
	if err := p.read(&c); err != nil || task == "lasso" {
		return c, nil, err
	}
	raw, err := os.ReadFile(filepath.Join(p.folder, "support.i32"))
	if err != nil {
		return c, nil, err
	}
	supports = make([]int32, len(raw)/4)
	_, err = bits.Decode(raw, bits.LittleEndian, supports)
	return c, supports, err
}

// Close ends the Python process and removes its files.
func (p *SparsePeers) Close() {
	if p.cmd != nil {
		_ = p.in.Close()
		_ = p.cmd.Wait()
	}
	_ = os.RemoveAll(p.folder)
}

// SameSupports is the share of the patches for which two coders took the same atoms.
func SameSupports(a, b []int32) float64 {
	same := 0
	for i := 0; i < len(a); i += PursuedAtoms {
		if slices.Equal(a[i:i+PursuedAtoms], b[i:i+PursuedAtoms]) {
			same++
		}
	}
	return float64(same) * PursuedAtoms / float64(len(a))
}
