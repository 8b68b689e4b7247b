package kernel

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const parametersCell = `%noautoget
// How long.
var steps = 2000
const (
	rate  = 0.001
	title = "A \"title\""
)
var quick, offset = false, -3
var computed = 2 * 3
%%
x := steps
fmt.Println(x)
`

func notebookWith(t *testing.T, parameters string) []byte {
	t.Helper()
	cell := func(id, source string, tags ...string) map[string]any {
		return map[string]any{"cell_type": "code", "id": id, "source": source, "outputs": []any{},
			"execution_count": nil, "metadata": map[string]any{"tags": tags}}
	}
	b, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{},
		"cells": []any{cell("a", "import \"fmt\"", "x"), cell("b", parameters, "parameters"), cell("c", "%%\nfmt.Println(steps)")}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSetParameters(t *testing.T) {
	pairs := []string{"steps=50", "rate=2", "title=it's \"x\"", "quick=true", "offset=-9"}
	out, err := SetParameters(notebookWith(t, parametersCell), pairs)
	if err != nil {
		t.Fatal(err)
	}
	_, cells, err := parseNotebook(out)
	if err != nil {
		t.Fatal(err)
	}
	want := `%noautoget
// How long.
var steps = 50
const (
	rate  = 2.0
	title = "it's \"x\""
)
var quick, offset = true, -9
var computed = 2 * 3
%%
x := steps
fmt.Println(x)
`
	if got := source(cells[1]); len(cells) != 3 || got != want {
		t.Errorf("%d cells, the parameters:\n%s\nwant:\n%s", len(cells), got, want)
	}
}

func TestSetParametersErrors(t *testing.T) {
	for pair, want := range map[string]string{
		"step=1":      `unknown parameter "step" (did you mean "steps"?)`,
		"computed=1":  "unknown parameter",
		"steps":       "write it name=value",
		"steps=many":  "steps=many: the notebook wants a whole number",
		"steps=1.5":   "a whole number",
		"rate=fast":   "rate=fast: the notebook wants a number",
		"rate=NaN":    "a number",
		"quick=maybe": "true or false",
	} {
		if _, err := SetParameters(notebookWith(t, parametersCell), []string{pair}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", pair, err, want)
		}
	}
	if _, err := SetParameters([]byte(`{"cells": []}`), []string{"a=1"}); err == nil || !strings.Contains(err.Error(), "no cell of it is tagged") {
		t.Errorf("a notebook without parameters: %v", err)
	}
	if _, err := SetParameters([]byte("PK"), []string{"a=1"}); err == nil || !strings.Contains(err.Error(), "not a notebook") {
		t.Errorf("no notebook: %v", err)
	}
}

func TestReadNotebook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ipynb")
	for metadata, want := range map[string]string{
		`{}`:                                   "",
		`{"kernelspec": {"name": "darkroom"}}`: "",
		`{"kernelspec": {"name": "gonb", "language": "go"}}`:             "",
		`{"language_info": {"name": "go"}}`:                              "",
		`{"kernelspec": {"name": "python3", "language": "python"}}`:      path + `: it is a notebook of the kernel "python3", and cells here are Go`,
		`{"kernelspec": {"name": "ir"}, "language_info": {"name": "R"}}`: `the kernel "ir"`,
		`{"language_info": {"name": "julia"}}`:                           `the kernel "julia"`,
	} {
		if err := os.WriteFile(path, []byte(`{"cells": [], "metadata": `+metadata+`}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadNotebook(path, nil); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", metadata, err, want)
		}
	}
}

func TestNoParametersLeaveTheNotebook(t *testing.T) {
	nb, err := os.ReadFile("testdata/smoke.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := SetParameters(nb, nil); err != nil || string(got) != string(nb) {
		t.Errorf("changed it: %v", err)
	}
}

func FuzzSetParameters(f *testing.F) {
	f.Add([]byte(`{"cells": [{"cell_type": "code", "source": ["var a = 1"], "metadata": {"tags": ["parameters"]}}]}`), "a=2")
	f.Add([]byte(`{"cells": [{"source": "const s = \"x\"", "metadata": {"tags": ["parameters"]}}, 3]}`), "s=\n")
	f.Fuzz(func(t *testing.T, notebook []byte, pair string) {
		out, err := SetParameters(notebook, []string{pair})
		if err != nil {
			return
		}
		_, cells, err := parseNotebook(out)
		if err != nil {
			t.Fatalf("made something that is no notebook: %v", err)
		}
		for _, c := range cells {
			if tagged(c, "parameters") {
				if _, err := declarations(source(c)); err != nil {
					t.Fatalf("wrote what does not parse: %v\n%s", err, source(c))
				}
				break
			}
		}
	})
}
