package experiments

import (
	"slices"
	"testing"

	"darkroom/lib/lab"
)

func TestColumnNames(t *testing.T) {
	run := func(method string, set lab.Set) *lab.Result {
		return &lab.Result{Spec: lab.Spec{Method: method, Set: set}}
	}
	runs := []*lab.Result{
		run("ksvd", lab.Set{"stride": 2, "learn": 0}), run("fista", lab.Set{"stride": 1}), run("ksvd", lab.Set{"stride": 2, "learn": 15}),
	}
	if got, want := columnNames(runs), []string{"ksvd, learn 0", "fista", "ksvd, learn 15"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
