package main

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"darkroom/kernel/quick"
)

// The kernel sets these: the real go command, and the folder of the prepared go.mod and go.sum.
const (
	envGo        = "DARKROOM_GO"
	envWorkspace = "DARKROOM_WORKSPACE"
)

func main() {
	args := os.Args[1:]
	env := os.Environ()
	if dir, _ := os.Getwd(); inside(dir, os.Getenv("GONB_TMP_DIR")) && len(args) > 0 {
		switch {
		case len(args) == 3 && args[0] == "mod" && args[1] == "init":
			exitOn(initModule(dir, args[2]))
			return
		case args[0] == "get" && (len(args) == 1 || len(args) == 2 && args[1] == "-t"):
			unknown, err := unknownImports(dir)
			exitOn(err)
			if len(unknown) == 0 {
				return
			}
			env = with(env, "GOPROXY=off", "GOSUMDB=off")
			get := exec.Command(realGo(), args...)
			get.Env = env
			if get.Run() == nil { // a module that the user has added, or that lies in the module cache
				return
			}
			fmt.Fprintf(os.Stderr, "no module here has %s; if it is spelled right, add its module by a line of its own in a cell: !*go get %s\n",
				strings.Join(unknown, ", "), unknown[0])
			os.Exit(1)
		case len(args) == 3 && args[0] == "build" && args[1] == "-o" && built(dir, args[2]):
			return
		case args[0] == "build" || args[0] == "test" || args[0] == "list":
			env = with(env, "GOPROXY=off", "GOSUMDB=off", "GOWORK=off",
				`GOFLAGS='-ldflags=-s -w -linkmode=internal' -mod=mod -buildvcs=false`)
		}
	}
	run(realGo(), env)
}

// built makes the program of a folder without the go command, if it can. Whoever interrupts that ends this process.
func built(dir, out string) bool {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done := quick.Build(ctx, os.Getenv(envWorkspace), dir, out)
	if ctx.Err() != nil {
		exitOn(errors.New("interrupted"))
	}
	return done
}

func realGo() string {
	if p := os.Getenv(envGo); p != "" {
		return p
	}
	exitOn(fmt.Errorf("cellgo: %s is not set; it only works inside the notebook kernel", envGo))
	return ""
}

// run becomes the program at path, with this process's arguments.
func run(path string, env []string) {
	err := syscall.Exec(path, append([]string{path}, os.Args[1:]...), env)
	exitOn(fmt.Errorf("cannot run %s: %w", path, err))
}

// with returns env with some variables set, dropping what they were: of two, Go takes the first.
func with(env []string, set ...string) []string {
	var out []string
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if !slices.ContainsFunc(set, func(s string) bool { return strings.HasPrefix(s, name+"=") }) {
			out = append(out, kv)
		}
	}
	return append(out, set...)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func inside(dir, root string) bool {
	return root != "" && (dir == root || strings.HasPrefix(dir, root+string(filepath.Separator)))
}

var moduleLine = regexp.MustCompile(`(?m)^module .*$`)

// initModule writes the prepared module files into dir under the given module name.
func initModule(dir, name string) error {
	from := os.Getenv(envWorkspace)
	mod, err := os.ReadFile(filepath.Join(from, "go.mod"))
	if err != nil {
		return fmt.Errorf("the notebook's workspace is missing (%w); run: darkroom lab", err)
	}
	sum, err := os.ReadFile(filepath.Join(from, "go.sum"))
	if err != nil {
		return fmt.Errorf("the notebook's workspace is missing (%w); run: darkroom lab", err)
	}
	mod = moduleLine.ReplaceAll(mod, []byte("module "+name))
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o644)
}

var requireLine = regexp.MustCompile(`(?m)^(?:require)?\s+(\S+) v\S+`)

// unknownImports lists the imports of dir's Go files that are neither in the standard library nor in a module of go.mod.
// A file that does not parse has none: the compiler's message about it is the better one.
func unknownImports(dir string) ([]string, error) {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	var modules []string
	for _, m := range requireLine.FindAllSubmatch(mod, -1) {
		modules = append(modules, string(m[1]))
	}
	if m := moduleLine.Find(mod); m != nil {
		modules = append(modules, strings.TrimPrefix(string(m), "module "))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var unknown []string
	for _, f := range files {
		ast, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ImportsOnly)
		if err != nil {
			continue
		}
		for _, i := range ast.Imports {
			if p := strings.Trim(i.Path.Value, "`\""); !known(p, modules) {
				unknown = append(unknown, p)
			}
		}
	}
	return unknown, nil
}

// known reports whether an import is the standard library's (its first element has no dot) or lies in one of modules.
func known(path string, modules []string) bool {
	for _, m := range modules {
		if path == m || strings.HasPrefix(path, m+"/") {
			return true
		}
	}
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") // a misspelled one is the compiler's to report
}
