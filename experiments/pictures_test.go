package experiments

import (
	"slices"
	"strings"
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

func TestTableOf(t *testing.T) {
	run := func(method, task string, set lab.Set, psnr ...float64) *lab.Result {
		return &lab.Result{
			Spec:    lab.Spec{Method: method, Task: task, Set: set},
			Metrics: map[string]lab.Metric{"psnr": {Values: psnr, Unit: "dB", Better: "higher", Protocol: "PSNR"}},
		}
	}
	const task = "restore:denoise25:naturals"
	table, err := tableOf("Noise", []string{"psnr"}, []*lab.Result{
		run("identity", task, nil, 20, 21), run("tv", task, lab.Set{"lambda": 1}, 25, 27), run("tv", task, lab.Set{"lambda": 2}, 24, 24),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"### Noise\n\nTask " + task + "\n", "tv, lambda 1", "tv, lambda 2", "| +5.5"} {
		if text := table.Markdown(); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for want, runs := range map[string][]*lab.Result{
		"a table needs at least one run": nil,
		"identity is a run of restore:denoise25:naturals, and tv one of restore:grey:naturals; a table is of one task": {
			run("identity", task, nil, 20), run("tv", "restore:grey:naturals", nil, 20),
		},
	} {
		if _, err := tableOf("", []string{"psnr"}, runs); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
