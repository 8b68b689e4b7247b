package experiments

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestOwnMethod: the two cells that CONTRIBUTING shows are the notebook's, which CI runs, and the method is as short as promised.
func TestOwnMethod(t *testing.T) {
	page, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## A method of your own")
	section, _, _ = strings.Cut(section, "\n## ")
	var shown []string
	for _, block := range strings.Split(section, "```go\n")[1:] {
		code, _, _ := strings.Cut(block, "\n```")
		shown = append(shown, code)
	}
	b, err := os.ReadFile("../notebooks/own-method.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	var notebook struct {
		Cells []struct {
			Type   string   `json:"cell_type"`
			Source []string `json:"source"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(b, &notebook); err != nil {
		t.Fatal(err)
	}
	var cells []string
	for _, c := range notebook.Cells {
		if c.Type == "code" {
			cells = append(cells, strings.Join(c.Source, ""))
		}
	}
	if len(shown) != 2 || len(cells) != 2 || shown[0] != cells[0] || shown[1] != cells[1] {
		t.Fatalf("CONTRIBUTING shows\n%s\nand the notebook has\n%s", strings.Join(shown, "\n---\n"), strings.Join(cells, "\n---\n"))
	}
	if n := strings.Count(cells[0], "\n") + 1; n >= 40 {
		t.Errorf("the method takes %d lines", n)
	}
}
