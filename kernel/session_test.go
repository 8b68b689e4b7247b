package kernel

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// testSuite runs the protocol's own tests, with a sample for each that is optional: none may be skipped.
func testSuite(t *testing.T, in *Installation) {
	folder := t.TempDir()
	err := command(t.Context(), folder, in.jupyterEnv(), in.Python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--no-input", "--no-deps", "--target", folder, "jupyter_kernel_test==0.7.0")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), in.Python(), "testdata/kernel_test.py")
	cmd.Env = with(in.jupyterEnv(), "PYTHONPATH="+folder)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "skipped") || !strings.Contains(string(out), "Ran 13 tests") {
		t.Errorf("%v\n%s", err, out)
	}
}

// testProtocol asks what those tests do not.
func testProtocol(t *testing.T, in *Installation) {
	cmd := exec.CommandContext(t.Context(), in.Python(), "testdata/protocol.py")
	cmd.Env = in.jupyterEnv()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	line, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, line, stderr.String())
	}
	type failure struct {
		Name, Value, Trace string
		Kinds              []string
	}
	type interruption struct {
		Name    string
		Seconds float64
		Behind  string
	}
	var got struct {
		Completions            []string
		FirstCompletion        float64 `json:"first_completion"`
		CompletionBeside       float64 `json:"completion_beside_a_cell"`
		Statuses               []string
		Afterwards             string
		NotCompiled            failure `json:"not_compiled"`
		Panicked, Exited, Lost failure
		InEarlierCell          failure `json:"in_earlier_cell"`
		NotGo                  failure `json:"not_go"`
		Interrupted, Compiling interruption
		Stdin, Prompt, Scanned string
		Silent                 []string
		GoNBKilled             string `json:"gonb_killed"`
		AfterGoNB              string `json:"after_gonb"`
		Processes, Left        int
		Joined                 struct {
			Status, Panel []string
			Ran           int
			Text          string
		}
	}
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if !slices.Equal(got.Completions, []string{"Repeat", "Replace", "ReplaceAll", "Replacer"}) && !slices.Contains(got.Completions, "Repeat") {
		t.Errorf("completions of strings.Rep: %q", got.Completions)
	}
	if got.FirstCompletion > 2 || got.CompletionBeside > 1 { // 0.3 s is the aim; a busy machine gets more
		t.Errorf("completion took %.2f s at first, %.2f s beside a running cell", got.FirstCompletion, got.CompletionBeside)
	}
	if want := []string{"error", "aborted", "aborted"}; !slices.Equal(got.Statuses, want) || got.Afterwards != "ok" {
		t.Errorf("cells behind one that fails: %q, then %q", got.Statuses, got.Afterwards)
	}
	for what, c := range map[string]struct {
		got                failure
		name, value, trace string
	}{
		"a cell that does not compile":  {got.NotCompiled, "CompileError", "undefined: missing", "In [3], line 4: undefined: missing"},
		"a cell that panics":            {got.Panicked, "panic", "boom", "In [4], line 3, in thrower:"},
		"a panic in an earlier cell":    {got.InEarlierCell, "panic", "boom", "In [5], line 2, in the cell:"},
		"a cell that exits":             {got.Exited, "ExitError", "exit status 3", ""},
		"a cell that is no Go":          {got.NotGo, "SyntaxError", "line 2: expected", "y := )"},
		"a variable of an earlier cell": {got.Lost, "CompileError", "kept was a variable of cell 8's statements", "In [9], line 1"},
	} {
		if c.got.Name != c.name || !strings.Contains(c.got.Value, c.value) || !strings.Contains(c.got.Trace, c.trace) || !slices.Equal(c.got.Kinds, []string{"error"}) {
			t.Errorf("%s: %+v", what, c.got)
		}
	}
	for what, i := range map[string]interruption{"running": got.Interrupted, "compiling": got.Compiling} {
		if i.Name != "Interrupted" || i.Seconds > 4 || i.Behind != "aborted" {
			t.Errorf("interrupted when %s: %+v", what, i)
		}
	}
	if got.Stdin != "ok" {
		t.Errorf("a cell that asks for input: %q", got.Stdin)
	}
	if got.Prompt != "line? " || got.Scanned != "ok" {
		t.Errorf("a cell that asks for input prompted %q, and was %q", got.Prompt, got.Scanned)
	}
	if want := []string{"status", "stream"}; !slices.Equal(slices.Compact(got.Silent), want) {
		t.Errorf("a silent cell published %q", got.Silent)
	}
	if j := got.Joined; !slices.Equal(j.Status, []string{"ok", "ok"}) || j.Ran != 1 || j.Text != "begun\nended\n" ||
		!slices.Equal(j.Panel, []string{"display_data two", "update_display_data three"}) {
		t.Errorf("a cell that two clients run: %+v", j)
	}
	if got.GoNBKilled != "GoNBEnded" || got.AfterGoNB != "ok" {
		t.Errorf("GoNB killed: %q, then %q", got.GoNBKilled, got.AfterGoNB)
	}
	if got.Processes < 3 || got.Left > 0 {
		t.Errorf("of %d processes %d were left when the kernel was killed", got.Processes, got.Left)
	}
}
