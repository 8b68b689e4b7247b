package kernel

import (
	"context"
	_ "embed" // the pins
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"darkroom/lib/fetch"
)

// gonbVersion is the pinned version of GoNB, as tools.mod has it.
const gonbVersion = "v0.11.4"

// tools.mod and tools.sum pin GoNB and goimports with all that they are made of. They are the go.mod and go.sum of a module of their
// own, so that darkroom's does not carry their requirements. To move the pins: `go get -tool MODULE@VERSION` in a folder with these
// files as go.mod and go.sum.
var (
	//go:embed tools.mod
	toolsMod []byte
	//go:embed tools.sum
	toolsSum []byte
)

var toolPackages = []string{
	"github.com/janpfeifer/gonb", "golang.org/x/tools/cmd/goimports",
}

var errNoGo = errors.New("the go command is not on the PATH: notebook cells are compiled with it; install Go 1.26 or newer")

func toolsKey(*setup) (string, error) {
	return digest(string(toolsMod), string(toolsSum)) + " " + fetch.Platform(), nil
}

func buildTools(ctx context.Context, s *setup) error {
	goCmd, err := exec.LookPath("go")
	if err != nil {
		return errNoGo
	}
	dir := filepath.Join(s.Home, "kernel", "tools.build")
	defer func() { _ = os.RemoveAll(dir) }()
	if err := errors.Join(
		os.RemoveAll(dir),
		writeFile(filepath.Join(dir, "go.mod"), toolsMod, 0o644),
		writeFile(filepath.Join(dir, "go.sum"), toolsSum, 0o644),
		os.MkdirAll(s.tools(), 0o755),
	); err != nil {
		return err
	}
	s.say("compiling GoNB %s and goimports", gonbVersion)
	env := goEnv("GOFLAGS=-mod=readonly")
	const remedy = "%w\nCheck the network and the module proxy that go is set up for (go env GOPROXY)"
	if err := command(ctx, dir, env, goCmd, "mod", "download"); err != nil {
		return fmt.Errorf(remedy, err)
	}
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", s.tools()}
	if err := command(ctx, dir, env, goCmd, append(args, toolPackages...)...); err != nil {
		return fmt.Errorf(remedy, err)
	}
	return nil
}

// goEnv is the environment for a go command on a module of ours, whatever workspace or flags the user has set.
func goEnv(set ...string) []string {
	env := with(os.Environ(), append([]string{"GOWORK=off", "GOFLAGS="}, set...)...)
	if fetch.Offline() {
		env = with(env, "GOPROXY=off")
	}
	return env
}

func cellgoKey(s *setup) (string, error) {
	var parts []string
	files, err := filepath.Glob(filepath.Join(s.Repo, "kernel", "cellgo", "*.go"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("%s has no kernel/cellgo: it is not a whole clone of darkroom", s.Repo)
	}
	files = append(files, filepath.Join(s.Repo, "kernel", "quick", "quick.go"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		parts = append(parts, string(b))
	}
	return digest(parts...) + " " + fetch.Platform() + " " + s.Home, nil
}

// buildCellgo makes the folder that comes first on the kernel's PATH.
func buildCellgo(ctx context.Context, s *setup) error {
	goCmd, err := exec.LookPath("go")
	if err != nil {
		return errNoGo
	}
	if err := os.MkdirAll(s.bin(), 0o755); err != nil {
		return err
	}
	if err := command(ctx, s.Repo, goEnv(), goCmd, "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(s.bin(), "go"), "./kernel/cellgo"); err != nil {
		return err
	}
	_ = os.Remove(filepath.Join(s.bin(), "gopls")) // of earlier versions: GoNB would start it
	return link(s.tool("goimports"), filepath.Join(s.bin(), "goimports"))
}

func link(target, path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Symlink(target, path)
}

func (s *setup) source() (string, error) {
	if s.binary != "" {
		return s.binary, nil
	}
	return os.Executable()
}

func binaryKey(s *setup) (string, error) {
	path, err := s.source()
	if err != nil {
		return "", err
	}
	if path == s.Binary() { // the copy itself is running
		have, err := os.ReadFile(filepath.Join(s.Home, "kernel", "stamps", "command"))
		if err == nil {
			return string(have), nil
		}
	}
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	sum, err := fetch.Sum(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d", sum, st.Size()), nil
}

// copyBinary keeps a copy of the running command: what `go run` builds is gone when it ends, and notebooks outlive it.
func copyBinary(_ context.Context, s *setup) error {
	from, err := s.source()
	if err != nil || from == s.Binary() {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	b, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	return writeFile(s.Binary(), b, 0o755)
}
