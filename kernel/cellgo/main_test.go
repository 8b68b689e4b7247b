package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestInitModule(t *testing.T) {
	workspace, dir := t.TempDir(), t.TempDir()
	t.Setenv(envWorkspace, workspace)
	if err := initModule(dir, "gonb_1"); err == nil || !strings.Contains(err.Error(), "run: darkroom lab") {
		t.Errorf("without a workspace: %v", err)
	}
	write(t, filepath.Join(workspace, "go.mod"), "module darkroom_cell\n\ngo 1.26\n\nrequire darkroom v0.0.0\n")
	write(t, filepath.Join(workspace, "go.sum"), "sums\n")
	if err := initModule(dir, "gonb_1"); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(filepath.Join(dir, "go.mod"))
	if want := "module gonb_1\n\ngo 1.26\n\nrequire darkroom v0.0.0\n"; string(got) != want {
		t.Errorf("go.mod is %q", got)
	}
	if sum, _ := os.ReadFile(filepath.Join(dir, "go.sum")); string(sum) != "sums\n" {
		t.Errorf("go.sum is %q", sum)
	}
}

func TestUnknownImports(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), `module gonb_1

require darkroom v0.0.0

require (
	example.com/a v1.0.0
	example.com/b/v2 v2.1.0 // indirect
)
`)
	write(t, filepath.Join(dir, "main.go"), `package main

import (
	"fmt"
	"net/http"
	"darkroom/lib/lab"
	"example.com/a"
	x "example.com/b/v2/deep"
	_ "example.com/ab"
	"example.com/c/d"
)

func main() { this is not Go }
`)
	got, err := unknownImports(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"example.com/ab", "example.com/c/d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWith(t *testing.T) {
	got := with([]string{"A=1", "GOPROXY=x", "GOPROXYS=y"}, "GOPROXY=off")
	if want := []string{"A=1", "GOPROXYS=y", "GOPROXY=off"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInside(t *testing.T) {
	for dir, want := range map[string]bool{"/tmp/a": true, "/tmp/a/b": true, "/tmp/ab": false, "/": false} {
		if inside(dir, "/tmp/a") != want {
			t.Errorf("inside(%q) is %v", dir, !want)
		}
	}
	if inside("/tmp", "") {
		t.Error("everything is inside no folder")
	}
}
