package cli

import (
	"os/exec"
	"strings"
	"testing"
)

// TestBorder checks that the bench side knows nothing of GoMLX, so that a notebook's cell that only asks, looks and compares does not
// link XLA, and a report can be made where no run can.
func TestBorder(t *testing.T) {
	bench := []string{"lab", "record", "report", "data", "fetch", "metrics", "health", "serve"}
	args := []string{"list", "-deps", "-f", "{{.ImportPath}}", "darkroom/plots", "darkroom/experiments"}
	for _, p := range bench {
		args = append(args, "darkroom/lib/"+p)
	}
	if found := forbidden(t, args); len(found) > 0 {
		t.Errorf("the bench side imports %v; ask each with: go list -deps darkroom/lib/lab", found)
	}
	if out, err := exec.Command("go", "list", "-deps", "darkroom/plots").Output(); err != nil || strings.Contains(string(out), "gonum.org/v1/gonum/mat") {
		t.Errorf("plots imports gonum's linear algebra, which every cell that draws would link (a tenth of the time); %v", err)
	}
	// The check can fail: the engine side does import GoMLX.
	if found := forbidden(t, []string{"list", "-deps", "-f", "{{.ImportPath}}", "darkroom/lib/engine"}); len(found) == 0 {
		t.Error("lib/engine does not seem to import GoMLX: this test looks for the wrong names")
	}
}

// forbidden are the packages of GoMLX among those that go lists.
func forbidden(t *testing.T, args []string) (found []string) {
	t.Helper()
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	for p := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(p, "github.com/gomlx/") || strings.HasPrefix(p, "darkroom/lib/engine") && args[len(args)-1] != "darkroom/lib/engine" {
			found = append(found, p)
		}
	}
	return found
}
