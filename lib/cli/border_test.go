package cli

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestBorder checks that the bench side knows nothing of GoMLX, so that a notebook's cell that only asks, looks and compares does not
// link XLA, and a report can be made where no run can.
func TestBorder(t *testing.T) {
	bench := []string{"lab", "record", "report", "data", "fetch", "metrics", "health", "serve"}
	packages := []string{"darkroom/plots", "darkroom/experiments"}
	for _, p := range bench {
		packages = append(packages, "darkroom/lib/"+p)
	}
	if found := among(imports(t, packages...), "github.com/gomlx/", "darkroom/lib/engine"); len(found) > 0 {
		t.Errorf("the bench side imports %v; ask each with: go list -deps darkroom/lib/lab", found)
	}
	if found := among(imports(t, "darkroom/plots"), "gonum.org/v1/gonum/mat"); len(found) > 0 {
		t.Errorf("plots imports %v, gonum's linear algebra, which every cell that draws would link: a tenth of the time", found)
	}
	// The check can fail: the engine side does import GoMLX.
	if found := among(imports(t, "darkroom/lib/engine"), "github.com/gomlx/"); len(found) == 0 {
		t.Error("lib/engine does not seem to import GoMLX: this test looks for the wrong names")
	}
}

// imports are the packages that some are made of, themselves among them.
func imports(t *testing.T, packages ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-deps"}, packages...)...).Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", strings.Join(packages, " "), err)
	}
	return strings.Fields(string(out))
}

// among are the packages that begin in one of some ways.
func among(packages []string, begin ...string) (found []string) {
	for _, p := range packages {
		if slices.ContainsFunc(begin, func(b string) bool { return strings.HasPrefix(p, b) }) {
			found = append(found, p)
		}
	}
	return found
}
