package features_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/features"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/nlpodyssey/safetensors"
)

// inception is testdata/inception.json, which inception.py wrote.
type inception struct {
	Height, Width    int
	Shapes           map[string][]uint64
	Features, Logits []float64
	Mean, Norm       float64
	Resized          []struct {
		From   int
		At     []int
		Values []float64
	}
}

func storedInception(t *testing.T) (out inception) {
	t.Helper()
	b, err := os.ReadFile("testdata/inception.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// made is inception.py's formula for weights.
func made(name string, shape []uint64) []float32 {
	h, size := uint64(0), uint64(1)
	for _, b := range []byte(name) {
		h = (31*h + uint64(b)) % (1 << 32)
	}
	for _, n := range shape {
		size *= n
	}
	factor, one := 0.2, 0.0
	switch {
	case strings.HasSuffix(name, "conv.weight"):
		factor = math.Sqrt(24 / float64(size/shape[0]))
	case strings.HasSuffix(name, "running_var"):
		factor, one = 1, 1
	case strings.HasSuffix(name, "bn.weight"):
		factor, one = 0.5, 1
	case name == "fc.weight":
		factor = math.Sqrt(12 / 2048.0)
	}
	out := make([]float32, size)
	for i := range out {
		x := (uint64(i)*2654435761 + h) % (1 << 32)
		x = (x ^ x>>15) * 2246822519 % (1 << 32)
		out[i] = float32(one + factor*(float64(x^x>>13)/(1<<32)-0.5))
	}
	return out
}

// written writes tensors with these shapes and the formula's numbers, and returns the file's path.
func written(t *testing.T, shapes map[string][]uint64) string {
	t.Helper()
	tensors := map[string]safetensors.TensorView{}
	for name, shape := range shapes {
		v := made(name, shape)
		b := make([]byte, 0, 4*len(v))
		for _, x := range v {
			u := math.Float32bits(x)
			b = append(b, byte(u), byte(u>>8), byte(u>>16), byte(u>>24))
		}
		view, err := safetensors.NewTensorView(safetensors.F32, shape, b)
		if err != nil {
			t.Fatal(err)
		}
		tensors[name] = view
	}
	b, err := safetensors.Serialize(tensors, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "inception.safetensors")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestInception compares with torch-fidelity's network with the same weights, which a formula makes.
func TestInception(t *testing.T) {
	stored := storedInception(t)
	net, err := features.ReadInception(written(t, stored.Shapes))
	if err != nil {
		t.Fatal(err)
	}
	x := tensors.FromFlatDataAndDimensions(pattern(stored.Height, stored.Width, 1), 1, stored.Height, stored.Width, 3)
	out := model.MustCallOnceN(xlatest.Backend(t), model.NewStore(), net.Look, x)
	seen, logits := values(t, out[0]), values(t, out[1])
	if len(seen) != features.InceptionFeatures || len(logits) != 1008 {
		t.Fatalf("%d features and %d classes", len(seen), len(logits))
	}
	mean, square := 0.0, 0.0
	for _, v := range seen {
		mean, square = mean+v/2048, square+v*v/2048
	}
	for what, pair := range map[string][2][]float64{
		"the first features": {seen[:12], stored.Features}, "the first logits": {logits[:12], stored.Logits},
		"mean and root mean square of the features": {{mean, math.Sqrt(square)}, {stored.Mean, stored.Norm}},
	} {
		if !near(pair[0], pair[1]) {
			t.Errorf("%s: %v, and in PyTorch %v", what, pair[0], pair[1])
		}
	}
}

// TestResizeTF1 compares with torch-fidelity's resizing, which is TensorFlow 1's to the last bit.
func TestResizeTF1(t *testing.T) {
	for _, c := range storedInception(t).Resized {
		m := features.ResizeTF1(c.From, 299)
		var got []float64
		for _, at := range c.At {
			sum := 0.0
			for j := range c.From {
				sum += float64(m[at*c.From+j]) * math.Sin(0.3*math.Pow(float64(j), 1.5))
			}
			got = append(got, sum)
		}
		if !near(got, c.Values) {
			t.Errorf("%d to 299: %v, and in TensorFlow %v", c.From, got, c.Values)
		}
	}
}

// TestInceptionRefuses: one error each, which says what to do.
func TestInceptionRefuses(t *testing.T) {
	stem := func(change map[string][]uint64) string {
		shapes := map[string][]uint64{"fc.weight": {1008, 2048}, "Conv2d_1a_3x3.conv.weight": {32, 3, 3, 3}}
		for _, part := range []string{"weight", "bias", "running_mean", "running_var"} {
			shapes["Conv2d_1a_3x3.bn."+part] = []uint64{32}
		}
		for name, shape := range change {
			shapes[name] = shape
		}
		return written(t, shapes)
	}
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "inception.pth")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct{ path, want string }{
		"torchvision's":            {stem(map[string][]uint64{"fc.weight": {1000, 2048}}), "the tensor fc.weight is F32 [1000 2048], but must be F32 [1008 2048]; its tensors are named and shaped as in pytorch-fid's"},
		"another shape":            {stem(map[string][]uint64{"Conv2d_1a_3x3.conv.weight": {3, 3, 3, 32}}), "the tensor Conv2d_1a_3x3.conv.weight is F32 [3 3 3 32], but must be F32 [32 3 3 3]"},
		"layers missing":           {stem(nil), "has no tensor Conv2d_2a_3x3.conv.weight"},
		"a zip of pickles":         {file("PK\x03\x04..."), "is a file of PyTorch, whose pickles can run code when they are read, so it is not; write its tensors into a safetensors file"},
		"a pickle":                 {file("\x80\x02cposix\nsystem\n"), "pickles can run code"},
		"a pickle named by length": {file("\x10\x00\x00\x00\x00\x00\x00\x00cposix\nsystem\n(S'"), "is no safetensors file"},
		"nothing":                  {file(""), "is no safetensors file"},
		"no file":                  {filepath.Join(t.TempDir(), "none"), "no such file or directory; give a safetensors file"},
	} {
		if _, err := features.ReadInception(c.path); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// TestInceptionLayers: the layers are those of torch-fidelity, by name and shape.
func TestInceptionLayers(t *testing.T) {
	var got, want []string
	features.EachLayer(func(name string, in, out, height, width int) {
		got = append(got, fmt.Sprint(name, []int{out, in, height, width}))
	})
	for name, shape := range storedInception(t).Shapes {
		if layer, is := strings.CutSuffix(name, ".conv.weight"); is {
			want = append(want, fmt.Sprint(layer, shape))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("layers %v, want %v", got, want)
	}
}
