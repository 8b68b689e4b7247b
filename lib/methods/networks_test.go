package methods_test

import (
	"slices"
	"strings"
	"testing"

	"darkroom/lib/engine/xlatest"
	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// made is a method of the catalogue with these parameters, not yet posed.
func made(t *testing.T, name string, set lab.Set) methods.Method {
	t.Helper()
	e, err := methods.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	m := e.New()
	if _, err := methods.Apply(name, m, set); err != nil {
		t.Fatal(err)
	}
	return m
}

// posed is a method of the catalogue for an operator.
func posed(t *testing.T, name, operator string, set lab.Set) methods.Method {
	t.Helper()
	m, err := pose(t, name, operator, set)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func pose(t *testing.T, name, operator string, set lab.Set) (methods.Method, error) {
	t.Helper()
	m := made(t, name, set)
	op, err := physics.Parse(operator)
	if err != nil {
		t.Fatal(err)
	}
	return m, m.Pose(methods.Problem{Kind: lab.Restore, Height: side, Width: side, Channels: 1, Operator: op})
}

// TestUNetAnySize: a picture whose sides cannot be halved is restored all the same.
func TestUNetAnySize(t *testing.T) {
	m := posed(t, "unet", "denoise25", lab.Set{"width": 2, "levels": 3}).(methods.Restorer)
	for _, d := range [][]int{{1, 5, 9, 3}, {1, 1, 1, 1}} {
		store := model.NewStore()
		count := d[0] * d[1] * d[2] * d[3]
		got := model.MustCallOnce(xlatest.Backend(t), store, func(s *model.Scope, y *graph.Node) *graph.Node { return m.Restore(s, y, nil) },
			tensor(uniform(1, count), d...))
		if !slices.Equal(got.Shape().Dimensions, d) {
			t.Errorf("%v became %v", d, got.Shape().Dimensions)
		}
	}
}

// TestVDSRFactors: the training does not depend on the task's factor, so that one network serves them all.
func TestVDSRFactors(t *testing.T) {
	loss := func(operator string, set lab.Set) float32 {
		m := posed(t, "vdsr", operator, set).(methods.Trainable)
		store := model.NewStore()
		if err := store.SetRNGStateFromSeed(1); err != nil {
			t.Fatal(err)
		}
		return model.MustCallOnce(xlatest.Backend(t), store, func(s *model.Scope, x *graph.Node) *graph.Node {
			return m.Objectives()[0].Loss(s, methods.Batch{X: x}).Total
		}, tensor(uniform(1, 6*side*side), 6, side, side, 1)).Value().(float32)
	}
	set := lab.Set{"depth": 3, "width": 2}
	two, three := loss("superres2", set), loss("superres3", set)
	if two != three {
		t.Errorf("the losses of factors 2 and 3 are %v and %v", two, three)
	}
	only := loss("superres2", lab.Set{"depth": 3, "width": 2, "factors": "2"})
	if only >= two { // a factor of 2 loses less than one of 2 to 4
		t.Errorf("the loss of factor 2 alone is %v, of all %v", only, two)
	}
	squared := loss("superres2", lab.Set{"depth": 3, "width": 2, "loss": "l2"})
	if squared >= two { // errors are below 1, so their squares are smaller
		t.Errorf("the squared error is %v, the absolute one %v", squared, two)
	}
	if _, err := pose(t, "vdsr", "superres5", nil); err == nil || !strings.Contains(err.Error(), "set factors to 2,3,4,5") {
		t.Errorf("error %v", err)
	}
	if n := posed(t, "vdsr", "superres3", nil).(methods.Patcher).PatchSize(); n != 48 {
		t.Errorf("patches of %d, want 48: 40 is no multiple of 12", n)
	}
}
