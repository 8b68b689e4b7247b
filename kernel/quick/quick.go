package quick

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// found is what Prepare has found out.
type found struct {
	Compiler, Linker string
	Version          string            // of Go, as go env GOVERSION says
	Environment      map[string]string // of the variables that matter to the compiler
	Folders          []string          // of sources that may change: those of no module in the module cache
	Digest           string            // of the files in them, and of the compiler
}

// The files in the workspace.
const (
	foundFile   = "quick.json"
	compileFile = "importcfg"      // where the compiled packages are
	linkFile    = "importcfg.link" // the same, and what the program says of what it is made of
)

var variables = []string{"GOOS", "GOARCH", "GOAMD64", "GOEXPERIMENT", "CGO_ENABLED"}

func environment() map[string]string {
	out := map[string]string{}
	for _, v := range variables {
		out[v] = os.Getenv(v)
	}
	return out
}

// Prepare writes into workspace, a module's folder, what Build needs. table lists packages, one a line: its import path, its compiled file and
// the folder of its sources, between tabs; a line with less is passed over. programs are binaries made of those packages. goCmd makes a go
// command in the workspace.
func Prepare(goCmd func(args ...string) *exec.Cmd, workspace string, table []byte, programs ...string) error {
	out, err := goCmd("env", "-json", "GOTOOLDIR", "GOVERSION", "GOROOT", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	var env struct{ GOTOOLDIR, GOVERSION, GOROOT, GOMODCACHE string }
	if err := json.Unmarshal(out, &env); err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	f := found{
		Compiler: filepath.Join(env.GOTOOLDIR, "compile"), Linker: filepath.Join(env.GOTOOLDIR, "link"), Version: env.GOVERSION, Environment: environment(),
	}
	var packages bytes.Buffer
	for l := range strings.Lines(string(table)) {
		p := strings.Split(strings.TrimSpace(l), "\t")
		if len(p) < 3 || p[1] == "" {
			continue
		}
		fmt.Fprintf(&packages, "packagefile %s=%s\n", p[0], p[1])
		if !below(p[2], env.GOROOT) && !below(p[2], env.GOMODCACHE) && !below(p[2], workspace) {
			f.Folders = append(f.Folders, p[2])
		}
	}
	info, err := moduleInfo(programs)
	if err != nil {
		return err
	}
	if f.Digest, err = f.digest(); err != nil {
		return err
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_ = os.Remove(filepath.Join(workspace, foundFile)) // until the others are there
	return errors.Join(
		os.WriteFile(filepath.Join(workspace, compileFile), packages.Bytes(), 0o644),
		os.WriteFile(filepath.Join(workspace, linkFile), append(info, packages.Bytes()...), 0o644),
		os.WriteFile(filepath.Join(workspace, foundFile), text, 0o644),
	)
}

func below(path, folder string) bool {
	return strings.HasPrefix(path, folder+string(filepath.Separator))
}

// digest is of the names, sizes and times of what f was found from.
func (f *found) digest() (string, error) {
	h := sha256.New()
	add := func(path string, st os.FileInfo) {
		_, _ = fmt.Fprintf(h, "%s\x00%d\x00%d\n", path, st.Size(), st.ModTime().UnixNano())
	}
	for _, tool := range []string{f.Compiler, f.Linker} {
		st, err := os.Stat(tool)
		if err != nil {
			return "", err
		}
		add(tool, st)
	}
	for _, folder := range f.Folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if e.IsDir() || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			st, err := e.Info()
			if err != nil {
				return "", err
			}
			add(filepath.Join(folder, e.Name()), st)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// moduleInfo is the linker's line for what runtime/debug.ReadBuildInfo tells a program: the modules of all the programs together.
func moduleInfo(programs []string) ([]byte, error) {
	var all *buildinfo.BuildInfo
	for _, p := range programs {
		info, err := buildinfo.ReadFile(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		if all == nil {
			all = info
			continue
		}
		for _, d := range info.Deps {
			if !slices.ContainsFunc(all.Deps, func(have *debug.Module) bool { return have.Path == d.Path }) {
				all.Deps = append(all.Deps, d)
			}
		}
	}
	if all == nil {
		return nil, errors.New("no programs")
	}
	all.GoVersion = "" // the linker writes it elsewhere
	slices.SortFunc(all.Deps, func(a, b *debug.Module) int { return strings.Compare(a.Path, b.Path) })
	text := strings.ReplaceAll(all.String(), "\n\n", "\n") // as cmd/go has it
	return fmt.Appendf(nil, "modinfo %q\n", infoBegin+text+infoEnd), nil
}

// What cmd/go has around a program's modules.
const (
	infoBegin = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
	infoEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
)

// Build makes the program at out of the file main.go in dir, a module that has the go.mod of the workspace but for its name. It reports false
// where something is not as Prepare found it, the program has an error, or ctx has ended: then go build has to do it, or say what is wrong.
func Build(ctx context.Context, workspace, dir, out string) bool {
	text, err := os.ReadFile(filepath.Join(workspace, foundFile))
	var f found
	if err != nil || json.Unmarshal(text, &f) != nil || !maps.Equal(f.Environment, environment()) || !same(workspace, dir) {
		return false
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.*"))
	if err != nil || slices.ContainsFunc(files, func(path string) bool {
		return filepath.Base(path) != "main.go" && slices.Contains([]string{".go", ".s", ".c", ".h", ".cc", ".syso"}, filepath.Ext(path))
	}) {
		return false
	}
	if d, err := f.digest(); err != nil || d != f.Digest {
		return false
	}
	tmp, err := os.MkdirTemp(dir, "quick-")
	if err != nil {
		return false
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	object, program := filepath.Join(tmp, "main.a"), filepath.Join(tmp, "program")
	for _, args := range [][]string{
		{f.Compiler, "-o", object, "-p", "main", "-lang=" + language.FindString(f.Version), "-complete", "-goversion", f.Version, "-c=2", "-nolocalimports",
			"-importcfg", filepath.Join(workspace, compileFile), "-pack", filepath.Join(dir, "main.go")},
		{f.Linker, "-o", program, "-importcfg", filepath.Join(workspace, linkFile), "-buildmode=exe", "-s", "-w", "-linkmode=internal", object},
	} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOGC=off") // 60 to 240 MB, for a moment
		if cmd.Run() != nil {
			return false
		}
	}
	return os.Rename(program, out) == nil
}

var (
	language   = regexp.MustCompile(`^go1\.\d+`)
	moduleLine = regexp.MustCompile(`(?m)^module .*$`)
)

// same reports whether a module requires what the workspace does.
func same(workspace, dir string) bool {
	ours, err := os.ReadFile(filepath.Join(workspace, "go.mod"))
	if err != nil {
		return false
	}
	theirs, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && bytes.Equal(moduleLine.ReplaceAll(ours, nil), moduleLine.ReplaceAll(theirs, nil))
}
