package features_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"darkroom/lib/data"
	"darkroom/lib/engine/xlatest"
	"darkroom/lib/features"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

func open(t *testing.T) *features.SqueezeNet {
	t.Helper()
	n, err := features.OpenSqueezeNet(context.Background(), func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// pattern is testdata/squeezenet.py's picture.
func pattern(height, width int, k float64) []float32 {
	var out []float32
	for y := range height {
		for x := range width {
			for c := range 3 {
				out = append(out, float32(0.5+0.5*math.Sin(0.05*k*float64(x+1)*float64(c+1)+0.11*float64(y))))
			}
		}
	}
	return out
}

func values(t *testing.T, v *tensors.Tensor) []float64 {
	t.Helper()
	var out []float64
	for _, x := range tensors.MustCopyFlatData[float32](v) {
		out = append(out, float64(x))
	}
	return out
}

// near says whether numbers agree to a part in ten thousand of the largest of them.
func near(got, want []float64) bool {
	if len(got) != len(want) {
		return false
	}
	most := 0.0
	for _, v := range want {
		most = max(most, math.Abs(v))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-4*most) {
			return false
		}
	}
	return true
}

// TestSqueezeNet compares with the same weights in PyTorch, in float64 (testdata/squeezenet.py).
func TestSqueezeNet(t *testing.T) {
	net := open(t)
	b, err := os.ReadFile("testdata/squeezenet.json")
	if err != nil {
		t.Fatal(err)
	}
	var stored struct {
		Cases []struct {
			Height, Width                int
			Shapes                       [][]int
			Means, Norms, Vector, Logits []float64
			Distance                     float64
		}
	}
	if err := json.Unmarshal(b, &stored); err != nil {
		t.Fatal(err)
	}
	for _, c := range stored.Cases {
		x := tensors.FromFlatDataAndDimensions(append(pattern(c.Height, c.Width, 1), pattern(c.Height, c.Width, 3)...), 2, c.Height, c.Width, 3)
		out := model.MustCallOnceN(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, x *graph.Node) []*graph.Node {
			one := func(i int) *graph.Node { return graph.Slice(x, graph.AxisElem(i)) }
			return append([]*graph.Node{net.Vector(s, x), net.Logits(s, x), net.Distance(s, one(0), one(1)), net.Distance(s, one(1), one(1))}, net.Maps(s, x)...)
		}, x)
		check := func(what string, got, want []float64) {
			if !near(got, want) {
				t.Errorf("%d×%d: %s is %v, and in PyTorch %v", c.Height, c.Width, what, got, want)
			}
		}
		check("Vector", values(t, out[0])[:12], c.Vector)
		check("Logits", values(t, out[1])[1000:1012], c.Logits)
		check("Distance", values(t, out[2]), []float64{c.Distance})
		if d := values(t, out[3])[0]; d != 0 {
			t.Errorf("the distance of a picture to itself is %v", d)
		}
		for i, m := range out[4:] {
			if got := m.Shape().Dimensions; !slices.Equal(got, c.Shapes[i]) {
				t.Errorf("%d×%d: map %d is %v, and in PyTorch %v", c.Height, c.Width, i, got, c.Shapes[i])
				continue
			}
			mean, square := 0.0, 0.0
			v := values(t, m)
			for _, x := range v {
				mean, square = mean+x/float64(len(v)), square+x*x/float64(len(v))
			}
			check(fmt.Sprintf("mean of map %d", i), []float64{mean}, c.Means[i:i+1])
			check(fmt.Sprintf("root mean square of map %d", i), []float64{math.Sqrt(square)}, c.Norms[i:i+1])
		}
	}
}

// TestSqueezeNetSees: photographs are of the ImageNet classes that people would name, so channels, range and mean are right.
func TestSqueezeNetSees(t *testing.T) {
	net := open(t)
	d, err := data.Open(context.Background(), "naturals", data.Options{Size: 227})
	if err != nil {
		t.Fatal(err)
	}
	for name, classes := range map[string][]int{
		"chelsea": {281, 282, 283, 284, 285}, // cats
		"coffee":  {504, 967, 968},           // coffee mug, espresso, cup
	} {
		i := slices.IndexFunc(append(d.Train, d.Test...), func(p data.Picture) bool { return p.Name == name })
		if i < 0 {
			t.Fatalf("there is no picture %s", name)
		}
		im := append(d.Train, d.Test...)[i].Image()
		out := model.MustCallOnce(xlatest.Backend(t), model.NewStore(), net.Logits, tensors.FromFlatDataAndDimensions(im.Pix, 1, im.Height, im.Width, 3))
		scores := values(t, out)
		if best := slices.Index(scores, slices.Max(scores)); !slices.Contains(classes, best) {
			t.Errorf("%s is taken for class %d, want one of %v", name, best, classes)
		}
	}
}

func TestSqueezeNetRefuses(t *testing.T) {
	net := open(t)
	for _, dims := range [][]int{{1, 31, 40, 3}, {1, 40, 40, 2}, {40, 40, 3}} {
		size := 1
		for _, n := range dims {
			size *= n
		}
		_, err := model.CallOnce(xlatest.Backend(t), model.NewStore(), net.Vector, tensors.FromFlatDataAndDimensions(make([]float32, size), dims...))
		if err == nil || !strings.Contains(err.Error(), "SqueezeNet: pictures are (Float32)[") || !strings.Contains(err.Error(), "at least 32×32") {
			t.Errorf("%v: %v", dims, err)
		}
	}
}
