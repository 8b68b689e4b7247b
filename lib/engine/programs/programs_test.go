package programs

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"darkroom/lib/engine/plugin"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// opened is the CPU plugin's backend, and what Enable said.
func opened(t *testing.T) (b compute.Backend, reason string) {
	t.Helper()
	p, ok, err := plugin.Find()
	if err != nil || !ok || p.Path == "" {
		t.Skip("no CPU plugin is installed")
	}
	reason = Enable(p.Path, p.SHA256)
	if b, err = p.Open(); err != nil {
		t.Fatal(err)
	}
	return b, reason
}

// pattern is a tensor with values in [0, 1).
func pattern(t *testing.T, dimensions ...int) *tensors.Tensor {
	t.Helper()
	x := tensors.FromShape(shapes.Make(dtypes.Float32, dimensions...))
	if err := tensors.MutableFlatData(x, func(v []float32) {
		for i := range v {
			v[i] = float32(i*i%1009) / 1009
		}
	}); err != nil {
		t.Fatal(err)
	}
	return x
}

// called is the first result of a program.
func called(t *testing.T, exec *graph.Exec, x *tensors.Tensor) []float32 {
	t.Helper()
	out, err := exec.Call(x)
	if err != nil {
		t.Fatal(err)
	}
	v, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// deep is a program that takes a while to compile: the gradient of twelve convolutions.
func deep(t *testing.T) []float32 {
	t.Helper()
	b, reason := opened(t)
	defer b.Finalize()
	if reason != "" {
		t.Skip(reason)
	}
	exec, err := graph.NewExec(b, func(x *graph.Node) *graph.Node {
		g := x.Graph()
		y := x
		for i := range 12 {
			k := graph.MulScalar(graph.Cos(graph.AddScalar(graph.IotaFull(g, shapes.Make(dtypes.Float32, 3, 3, 4, 4)), float64(i))), 0.3)
			y = graph.Tanh(graph.Convolve(y, k).PadSame().Done())
		}
		return graph.Gradient(graph.ReduceAllSum(graph.Square(y)), x)[0]
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	return called(t, exec, pattern(t, 2, 8, 8, 4))
}

// TestTransformBits computes transforms beside one another. Where XLA splits each over the threads that are free, every third result differs.
func TestTransformBits(t *testing.T) {
	b, _ := opened(t)
	defer b.Finalize()
	if !hooked {
		t.Skip("the plugin's compile call is not replaced here")
	}
	const side = 256
	exec, err := graph.NewExec(b, func(x *graph.Node) *graph.Node {
		sum := x
		for i := range 4 {
			sum = graph.Add(sum, graph.InverseRealFFT(graph.RealFFT(graph.MulScalar(x, float64(i+1)), side, side), side, side))
		}
		return sum
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	x := pattern(t, 1, 1, side, side)
	first := called(t, exec, x)
	for i := range 100 {
		if !slices.Equal(called(t, exec, x), first) {
			t.Fatalf("run %d has other bits than the first", i+2)
		}
	}
}

func TestProgramIsKept(t *testing.T) {
	t.Setenv("DARKROOM_HOME", "") // the plugin is found in the person's own cache,
	if _, ok, _ := plugin.Find(); !ok {
		t.Skip("no CPU plugin is installed")
	}
	resume := Pause()
	want := deep(t)
	resume()
	t.Setenv("DARKROOM_BACKEND", "xla:"+mustFind(t)) // and named when the cache is another
	t.Setenv("DARKROOM_HOME", t.TempDir())
	same := func(name string, addFound, addKept int64) {
		t.Helper()
		f, k := Stats()
		if got := deep(t); !slices.Equal(got, want) {
			t.Errorf("%s: the gradient has other bits", name)
		}
		if f2, k2 := Stats(); f2-f != addFound || k2-k != addKept {
			t.Errorf("%s: %d programs found and %d kept, want %d and %d", name, f2-f, k2-k, addFound, addKept)
		}
	}
	same("first", 0, 1)
	same("second", 1, 0)
	files, err := filepath.Glob(filepath.Join(Dir(), "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	write(t, files[0], b)
	same("a changed byte", 0, 1)
	write(t, files[0], b[:100])
	same("cut short", 0, 1)
	write(t, files[0], nil)
	same("empty", 0, 1)
}

func mustFind(t *testing.T) string {
	p, _, err := plugin.Find()
	if err != nil {
		t.Fatal(err)
	}
	return p.Path
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A program's name depends on all that it was made from, and on where one part ends and the next begins.
func TestPath(t *testing.T) {
	names := map[string]bool{}
	for _, c := range [][2]string{{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}} {
		names[path([]byte(c[0]), []byte(c[1]))] = true
	}
	if len(names) != 4 {
		t.Errorf("%d names for 4 programs", len(names))
	}
}

func TestPrune(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	for i, name := range []string{"new", "middle", "old"} {
		write(t, filepath.Join(dir, name), make([]byte, 100))
		at := now.Add(-time.Duration(i) * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	prune(dir, 250)
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 || left[0].Name() != "middle" || left[1].Name() != "new" {
		t.Error(left, err)
	}
}
