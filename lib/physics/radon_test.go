package physics_test

import (
	"math"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/physics"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics_test.go

	"github.com/gomlx/gomlx/core/tensors"
)

// TestRadon: of a Gaussian exp(−r²/2s²) every line integral is known, √(2π)·s·exp(−t²/2s²) at distance t from its middle, and filtered back projection of
// them gives it back.
func TestRadon(t *testing.T) {
	const d, angles, s, y0, x0 = 28, 60, 2.0, 3.3, -4.1 // of a picture whose middle is at 0
	op := physics.Radon{Angles: angles}
	picture := make([]float32, d*d)
	for i := range picture {
		y, x := float64(i/d)-(d-1)/2.0-y0, float64(i%d)-(d-1)/2.0-x0
		picture[i] = float32(math.Exp(-(y*y + x*x) / (2 * s * s)))
	}
	got := MustExecOnceN(xlatest.Backend(t), func(x *Node) []*Node {
		y := op.Forward(x, nil)
		return []*Node{y, physics.Start(op, y, nil)}
	}, tensors.FromFlatDataAndDimensions(picture, 1, d, d, 1))
	y, back := tensors.MustCopyFlatData[float32](got[0]), tensors.MustCopyFlatData[float32](got[1])
	var theta [angles]float64
	sum := 0.0
	for i := range theta {
		theta[i] = (float64(i%(angles/2))+0.5)*math.Pi/angles - math.Pi/4
		sum += d / math.Pow(math.Cos(theta[i]), 2)
	}
	for i, v := range y {
		k, a := i/(2*d+1), float64(i%(2*d+1)-d)
		along, across := y0, x0 // the line is across = a + along·tan θ
		if k >= angles/2 {
			along, across = x0, y0
		}
		distance := (across - a - along*math.Tan(theta[k])) * math.Cos(theta[k])
		want := math.Sqrt(2*math.Pi) * s * math.Exp(-distance*distance/(2*s*s)) / math.Sqrt(sum)
		if math.Abs(float64(v)-want) > 1e-5 {
			t.Fatalf("projection %d at detector %g is %g, want %g", k, a, v, want)
		}
	}
	for i, v := range back {
		if math.Abs(float64(v-picture[i])) > 0.003 {
			t.Fatalf("back projection of pixel (%d, %d) is %g, want %g", i/d, i%d, v, picture[i])
		}
	}
	exec := MustNewExec(xlatest.Backend(t), func(x *Node) *Node { return op.Forward(x, nil) })
	_, err := exec.Call(tensors.FromFlatDataAndDimensions(make([]float32, 20*30), 1, 20, 30, 1))
	if err == nil || !strings.Contains(err.Error(), "a picture of 30×20 is not square, as tomography by 60 parallel projections needs it; crop it to 20×20") {
		t.Errorf("a picture of 30×20: %v", err)
	}
}
