package kernel

import (
	"bytes"
	"context"
	_ "embed" // the pins
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"darkroom/lib/fetch"
)

// gonb is the pinned version of GoNB, as tools.mod has it.
const gonb = "v0.11.4"

// tools.mod and tools.sum pin GoNB, goimports and gopls with all that they are made of. They are the go.mod and go.sum of a
// module of their own, so that darkroom's module does not carry the requirements of gopls. To move the pins:
// `go get -tool MODULE@VERSION` in a folder with these files as go.mod and go.sum. goimports must be of the version of
// golang.org/x/tools that gopls asks for.
var (
	//go:embed tools.mod
	toolsMod []byte
	//go:embed tools.sum
	toolsSum []byte
)

var toolPackages = []string{
	"github.com/janpfeifer/gonb", "golang.org/x/tools/cmd/goimports", "golang.org/x/tools/gopls",
}

var errNoGo = errors.New("the go command is not on the PATH: notebook cells are compiled with it; install Go 1.26 or newer")

func toolsKey(*setup) (string, error) {
	return digest(string(toolsMod), string(toolsSum), fmt.Sprint(mends)) + " " + fetch.Platform(), nil
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
	s.say("compiling GoNB %s, goimports and gopls (a minute)", gonb)
	env := goEnv("GOFLAGS=-mod=readonly")
	const remedy = "%w\nCheck the network and the module proxy that go is set up for (go env GOPROXY)"
	if err := command(ctx, dir, env, goCmd, "mod", "download"); err != nil {
		return fmt.Errorf(remedy, err)
	}
	if err := mendGoNB(ctx, dir, env, goCmd); err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", s.tools()}
	if err := command(ctx, dir, env, goCmd, append(args, toolPackages...)...); err != nil {
		return fmt.Errorf(remedy, err)
	}
	return nil
}

// mend is a change of a few words to GoNB's sources.
type mend struct {
	file, old, new string
	count          int // how often old stands there
}

// mends are what GoNB v0.11.4 is built with. Once upstream mends one of them itself, mendGoNB fails and says so.
var mends = []mend{
	// GoNB sleeps for its connection timeout of 12 s before it first tries to reach gopls, and again whenever a completion asks for
	// that connection. Cells wait behind completions, so the Tab key in a fresh notebook stopped it for 12 to 24 s.
	{"internal/goexec/goplsclient/exec.go", "<-time.After(ConnectTimeout)", "<-time.After(100 * time.Millisecond)", 2},
	// GoNB leaves two requests without an answer; JupyterLab's console and inline history wait for it.
	{
		"internal/dispatcher/dispatcher.go",
		"\t\tcase \"shutdown_request\":\n",
		"\t\tcase \"history_request\":\n" +
			"\t\t\terr = msg.Reply(\"history_reply\", map[string]any{\"status\": \"ok\", \"history\": []any{}})\n\n" +
			"\t\tcase \"shutdown_request\":\n",
		1,
	},
	{
		"internal/dispatcher/dispatcher.go",
		"\t\t\tklog.V(2).Infof(\"Received is_complete_request: ignoring, since it's not a console like kernel.\")\n",
		"\t\t\terr = msg.Reply(\"is_complete_reply\", map[string]any{\"status\": \"unknown\"})\n",
		1,
	},
	// After a cell that fails, GoNB runs on with those that wait behind it, however long they take. The protocol's stop_on_error,
	// true unless a client says otherwise, asks to abort them.
	{
		"internal/dispatcher/dispatcher.go",
		"\t\treturn errors.WithMessagef(err, \"publish 'execute_reply`\")\n\t}\n",
		"\t\treturn errors.WithMessagef(err, \"publish 'execute_reply`\")\n\t}\n\tif executionErr != nil {\n\t\tabortQueued(content)\n\t}\n",
		1,
	},
	{"internal/dispatcher/dispatcher.go", "type OutErr struct {\n", abortQueued + "\ntype OutErr struct {\n", 1},
}

const abortQueued = `
func abortQueued(failed map[string]any) {
	if stop, ok := failed["stop_on_error"].(bool); ok && !stop {
		return
	}
	for range len(busyMessagesChan) {
		p := <-busyMessagesChan
		if p.msg.ComposedMsg().Header.MsgType != "execute_request" {
			busyMessagesChan <- p
			continue
		}
		_ = kernel.PublishKernelStatus(p.msg, kernel.StatusBusy)
		_ = p.msg.Reply("execute_reply", map[string]any{"status": "aborted"})
		_ = kernel.PublishKernelStatus(p.msg, kernel.StatusIdle)
	}
}
`

// mendGoNB copies GoNB's sources, which go has checked against tools.sum, changes the copy and makes the module build from it.
func mendGoNB(ctx context.Context, dir string, env []string, goCmd string) error {
	list := exec.CommandContext(ctx, goCmd, "list", "-m", "-f", "{{.Dir}}", "github.com/janpfeifer/gonb")
	list.Dir, list.Env = dir, env
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("finding GoNB's sources: %w", err)
	}
	copied := filepath.Join(dir, "gonb")
	if err := os.CopyFS(copied, os.DirFS(strings.TrimSpace(string(out)))); err != nil {
		return err
	}
	for _, m := range mends {
		file := filepath.Join(copied, filepath.FromSlash(m.file))
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if n := bytes.Count(src, []byte(m.old)); n != m.count {
			return fmt.Errorf("GoNB's %s has %q %d times and not %d: the mends in kernel/tools.go are out of date", m.file, m.old, n, m.count)
		}
		if err := os.WriteFile(file, bytes.ReplaceAll(src, []byte(m.old), []byte(m.new)), 0o644); err != nil {
			return err
		}
	}
	replace := "\nreplace github.com/janpfeifer/gonb => ./gonb\n"
	return os.WriteFile(filepath.Join(dir, "go.mod"), append(bytes.Clone(toolsMod), replace...), 0o644)
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
	return errors.Join(
		link(filepath.Join(s.bin(), "go"), filepath.Join(s.bin(), "gopls")),
		link(s.tool("goimports"), filepath.Join(s.bin(), "goimports")),
	)
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
