package cell

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Packages knows the packages that cells may import, and what they export, from the files that the compiler writes for that
// purpose. It is safe from several goroutines; asking never waits for the go command.
type Packages struct {
	goCmd func(args ...string) *exec.Cmd // a go command in the module that cells are compiled in

	mu      sync.Mutex
	files   map[string]string // export file by import path
	dirs    map[string]string // folder of its sources
	missing map[string]bool   // asked of the go command
	types   types.ImporterFrom
	fset    *token.FileSet
	looking sync.WaitGroup
}

// NewPackages returns what Table wrote about the packages that cells usually import; without it, every package is looked up when
// first imported. goCmd makes a go command that runs in the module that cells are compiled in.
func NewPackages(goCmd func(args ...string) *exec.Cmd, table []byte) *Packages {
	p := &Packages{goCmd: goCmd, files: map[string]string{}, dirs: map[string]string{}, missing: map[string]bool{}, fset: token.NewFileSet()}
	p.add(table)
	p.types = importer.ForCompiler(p.fset, "gc", p.open).(types.ImporterFrom)
	return p
}

// Table lists the standard library and the packages that programs import, one a line with its export file. It compiles what is not
// yet compiled, but for the standard library's rarer parts.
func Table(goCmd func(args ...string) *exec.Cmd, programs ...string) ([]byte, error) {
	run := func(args ...string) ([]byte, error) {
		cmd := goCmd(args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
		}
		return out, nil
	}
	std, err := run("list", "-f", "{{.ImportPath}}", "std")
	if err != nil {
		return nil, err
	}
	exports, err := run(append([]string{"list", "-export", "-deps", "-f", exportFormat}, programs...)...)
	return append(std, exports...), err
}

const exportFormat = "{{.ImportPath}}\t{{.Export}}\t{{.Dir}}"

func (p *Packages) add(table []byte) {
	for l := range strings.Lines(string(table)) {
		name, rest, _ := strings.Cut(strings.TrimRight(l, "\n"), "\t")
		file, dir, _ := strings.Cut(rest, "\t")
		if name == "" || strings.Contains(name, "internal/") || strings.HasPrefix(name, "vendor/") || strings.Contains(name, "[") {
			if file == "" {
				continue
			}
		}
		if have := p.files[name]; have == "" {
			p.files[name] = file
			p.dirs[name] = dir
		}
	}
}

// open opens a package's export data for the importer, which holds mu.
func (p *Packages) open(name string) (io.ReadCloser, error) {
	if file := p.files[name]; file != "" {
		f, err := os.Open(file)
		if err == nil {
			return f, nil
		}
	}
	p.look(name)
	return nil, fmt.Errorf("the package %s is not compiled yet", name)
}

// look asks the go command for a package, in the background. Whoever calls it holds mu.
func (p *Packages) look(name string) {
	if p.missing[name] {
		return
	}
	p.missing[name] = true
	p.looking.Add(1)
	go func() {
		defer p.looking.Done()
		out, err := p.goCmd("list", "-export", "-deps", "-f", exportFormat, "--", name).Output()
		if err != nil {
			return // not a package: the compiler will say so
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, l := range bytes.Split(out, []byte("\n")) {
			if i := bytes.IndexByte(l, '\t'); i > 0 {
				delete(p.files, string(l[:i])) // a stale file
			}
		}
		p.add(out)
		p.missing = map[string]bool{}
	}()
}

// Wait waits for what the go command has been asked.
func (p *Packages) Wait() { p.looking.Wait() }

// Import implements types.Importer.
func (p *Packages) Import(name string) (*types.Package, error) { return p.ImportFrom(name, "", 0) }

// ImportFrom implements types.ImporterFrom.
func (p *Packages) ImportFrom(name, dir string, mode types.ImportMode) (*types.Package, error) {
	if name == "C" || name == "unsafe" {
		return types.Unsafe, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.types.ImportFrom(name, dir, mode)
}

// position is where something that a package exports was declared: a file and a line.
func (p *Packages) position(pkg *types.Package, pos token.Pos) token.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.fset.Position(pos)
	at.Filename = filepath.Join(p.dirs[pkg.Path()], filepath.Base(at.Filename)) // the compiler may have shortened it
	return at
}

// Named returns the import paths of the packages of a name, the likelier first: the standard library's, then shorter ones.
func (p *Packages) Named(name string) (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.files {
		if baseName(i) == name && importable(i) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if d := strings.Count(a, ".") - strings.Count(b, "."); d != 0 {
			return d
		}
		if d := len(a) - len(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return out
}

// Paths lists the import paths that begin with prefix.
func (p *Packages) Paths(prefix string) (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.files {
		if strings.HasPrefix(i, prefix) && importable(i) {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

func importable(path string) bool {
	return !strings.Contains("/"+path+"/", "/internal/") && !strings.Contains("/"+path+"/", "/vendor/") && !strings.Contains(path, "_cell/")
}

// baseName guesses a package's name from its path: the last element, or the one before a version.
func baseName(p string) string {
	b := path.Base(p)
	if len(b) > 1 && b[0] == 'v' && strings.Trim(b[1:], "0123456789") == "" {
		b = path.Base(path.Dir(p))
	}
	return b
}
