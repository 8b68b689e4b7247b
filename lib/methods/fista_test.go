package methods_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

func fista(t *testing.T, set lab.Set, operator string) *methods.FISTA {
	t.Helper()
	m := new(methods.FISTA)
	if _, err := methods.Apply("fista", m, set); err != nil {
		t.Fatal(err)
	}
	op, err := physics.Parse(operator)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Pose(methods.Problem{Kind: lab.Restore, Height: 64, Width: 64, Channels: 1, Operator: op}); err != nil {
		t.Fatal(err)
	}
	return m
}

// restore restores one picture [h, w, c] with an operator's array or nil.
func restore(t *testing.T, m methods.Restorer, y, aux []float32, h, w, c int) []float32 {
	t.Helper()
	args := []any{tensor(y, 1, h, w, c)}
	if aux != nil {
		args = append(args, tensor(aux, 1, h, w, c))
	}
	out := model.MustCallOnce(xlatest.Backend(t), model.NewStore(), func(s *model.Scope, in []*graph.Node) *graph.Node {
		return m.Restore(s, in[0], append(in, nil)[1])
	}, args...)
	if d := out.Shape().Dimensions; !slices.Equal(d, []int{1, h, w, c}) {
		t.Fatalf("shape %v, want [1 %d %d %d]", d, h, w, c)
	}
	return flat(out)
}

func psnr(x, y []float32) float64 {
	mse := 0.0
	for i := range x {
		mse += math.Pow(float64(x[i])-float64(y[i]), 2) / float64(len(x))
	}
	return -10 * math.Log10(mse)
}

var quick = lab.Set{"patch": 6, "atoms": 8, "stride": 4, "iterations": 60}

// TestFISTAConstant: a picture of one value comes back, from a mask that shows some of each patch.
func TestFISTAConstant(t *testing.T) {
	const h, w, c = 13, 11, 2
	y := slices.Repeat([]float32{0.7, 0.2}, h*w)
	for _, operator := range []string{"denoise25", "inpaint50"} {
		m := fista(t, lab.Set{"patch": 6, "atoms": 8, "iterations": 60}, operator)
		op, err := physics.Parse(operator)
		if err != nil {
			t.Fatal(err)
		}
		aux := op.Aux(rand.New(rand.NewPCG(10, 1)), h, w, c)
		seen := slices.Clone(y)
		for i, v := range aux {
			seen[i] *= v
		}
		for i, v := range restore(t, m, seen, aux, h, w, c) {
			if math.Abs(float64(v-y[i])) > 1e-5 {
				t.Errorf("%s: value %d is %g, want %g", operator, i, v, y[i])
				break
			}
		}
	}
}

// TestFISTARestores a picture of a slope and an edge, whose sides are no multiple of anything.
func TestFISTARestores(t *testing.T) {
	const h, w = 37, 41
	truth := make([]float32, h*w)
	for i := range truth {
		y, x := float64(i/w), float64(i%w)
		truth[i] = float32(0.2 + 0.3*x/w + 0.1*math.Sin(y/6))
		if x > 0.6*w+3*math.Sin(y/8) {
			truth[i] += 0.3
		}
	}
	r := rand.New(rand.NewPCG(10, 2))
	noisy := slices.Clone(truth)
	for i := range noisy {
		noisy[i] += float32(25.0 / 255 * r.NormFloat64())
	}
	if before, after := psnr(truth, noisy), psnr(truth, restore(t, fista(t, quick, "denoise25"), noisy, nil, h, w, 1)); after < before+5 {
		t.Errorf("denoise25: from %.2f dB to %.2f dB, want 5 dB more", before, after)
	}
	mask := physics.Mask{Missing: 0.5}.Aux(r, h, w, 1)
	holes := slices.Clone(truth)
	for i, v := range mask {
		holes[i] *= v
	}
	if before, after := psnr(truth, holes), psnr(truth, restore(t, fista(t, quick, "inpaint50"), holes, mask, h, w, 1)); after < before+15 {
		t.Errorf("inpaint50: from %.2f dB to %.2f dB, want 15 dB more", before, after)
	}
}
