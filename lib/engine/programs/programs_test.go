package programs

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"darkroom/lib/engine/plugin"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// deep is a program that takes a while to compile: the gradient of twelve convolutions.
func deep(t *testing.T) []float32 {
	t.Helper()
	p, ok, err := plugin.Find()
	if err != nil || !ok || p.Path == "" {
		t.Skip("no CPU plugin is installed")
	}
	if reason := Enable(p.Path, p.SHA256); reason != "" {
		t.Skip(reason)
	}
	b, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
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
	x := tensors.FromShape(shapes.Make(dtypes.Float32, 2, 8, 8, 4))
	if err := tensors.MutableFlatData(x, func(v []float32) {
		for i := range v {
			v[i] = float32(i%17) / 17
		}
	}); err != nil {
		t.Fatal(err)
	}
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

// TestTransformBits computes transforms beside one another. Where XLA splits each over the threads that are free, every third result differs.
func TestTransformBits(t *testing.T) {
	p, ok, err := plugin.Find()
	if err != nil || !ok || p.Path == "" {
		t.Skip("no CPU plugin is installed")
	}
	Enable(p.Path, p.SHA256)
	if !hooked {
		t.Skip("the plugin's compile call is not replaced here")
	}
	b, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
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
	x := tensors.FromShape(shapes.Make(dtypes.Float32, 1, 1, side, side))
	if err := tensors.MutableFlatData(x, func(v []float32) {
		for i := range v {
			v[i] = float32(i*i%1009) / 1009
		}
	}); err != nil {
		t.Fatal(err)
	}
	var first []float32
	for i := range 100 {
		out, err := exec.Call(x)
		if err != nil {
			t.Fatal(err)
		}
		v, err := tensors.CopyFlatData[float32](out[0])
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = v
		}
		if !slices.Equal(v, first) {
			t.Fatalf("run %d has other bits than the first", i)
		}
		_ = out[0].FinalizeAll()
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
