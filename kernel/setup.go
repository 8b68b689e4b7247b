package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"darkroom/lib/fetch"

	"github.com/gofrs/flock"
)

// Options of Setup.
type Options struct {
	Say    fetch.Say                   // told what is being done, a line at a time; nil is silent
	Step   func(i, n int, what string) // told when step i of n begins, for a progress bar; nil is not told
	Repo   string                      // darkroom's sources; empty means FindRepo
	Binary string                      // the darkroom command to keep a copy of; empty means the running program
}

// step is one part of the installation. It is done when its stamp holds its key and what it makes is there.
type step struct {
	name  string                         // of the stamp
	what  string                         // for people
	there func(in *Installation) bool    // whether what it makes is there
	key   func(s *setup) (string, error) // changes when the step must be done again
	run   func(ctx context.Context, s *setup) error
}

// setup is one call of Setup.
type setup struct {
	*Installation
	binary string
	say    func(format string, args ...any)
}

// steps is the whole installation, in order.
var steps = []step{
	{"python", "JupyterLab " + jupyterlab + " in an environment of its own", hasJupyter, pythonKey, installPython},
	{"tools", "GoNB " + gonbVersion + " and goimports", file(func(in *Installation) string { return in.tool("gonb") }), toolsKey, buildTools},
	{"command", "the darkroom command for notebooks", file((*Installation).Binary), binaryKey, copyBinary},
	{"cellgo", "the go command of notebook cells", file(func(in *Installation) string { return filepath.Join(in.bin(), "go") }), cellgoKey, buildCellgo},
	{"kernelspec", "the kernel \"" + DisplayName + "\"", file((*Installation).Kernelspec), kernelspecKey, writeKernelspec},
	{"workspace", "the modules that cells import", file(func(in *Installation) string { return filepath.Join(in.Workspace(), "go.sum") }), workspaceKey, prepareWorkspace},
	{"warm", "compiling what cells import", file((*Installation).Workspace), workspaceKey, warm},
}

func file(path func(in *Installation) string) func(in *Installation) bool {
	return func(in *Installation) bool { return exists(path(in)) }
}

// Setup installs what notebooks need, or finds that it is there: JupyterLab in a Python environment of its own, the pinned
// GoNB with goimports, the kernelspec, and a workspace in which cells import darkroom and GoMLX offline. It
// touches nothing outside fetch.DataDir() but Go's own caches. When everything is there it takes a moment and no network.
func Setup(ctx context.Context, o Options) (*Installation, error) {
	repo := o.Repo
	if repo == "" {
		var err error
		if repo, err = FindRepo(); err != nil {
			return nil, err
		}
	}
	s := &setup{Installation: At(repo), binary: o.Binary}
	s.say = func(format string, args ...any) {
		if o.Say != nil {
			o.Say(fmt.Sprintf(format, args...))
		}
	}
	stamps := filepath.Join(s.Home, "kernel", "stamps")
	if err := os.MkdirAll(stamps, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make darkroom's data folder: %w (set DARKROOM_HOME to a folder that can be written)", err)
	}
	lock := flock.New(filepath.Join(s.Home, "kernel", "setup.lock"))
	if ok, err := lock.TryLock(); err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", lock.Path(), err)
	} else if !ok {
		s.say("waiting for another darkroom that is installing")
		if err := lock.Lock(); err != nil {
			return nil, fmt.Errorf("cannot lock %s: %w", lock.Path(), err)
		}
	}
	defer func() { _ = lock.Unlock() }()

	for i, st := range steps {
		key, err := st.key(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", st.what, err)
		}
		stamp := filepath.Join(stamps, st.name)
		if have, err := os.ReadFile(stamp); err == nil && string(have) == key && st.there(s.Installation) {
			if st.name == "warm" { // sources change; when they have not, this takes a moment
				if err := st.run(ctx, s); err != nil {
					return nil, err
				}
			}
			continue
		}
		if o.Step != nil {
			o.Step(i+1, len(steps), st.what)
		}
		s.say("[%d/%d] %s", i+1, len(steps), st.what)
		if err := st.run(ctx, s); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("setting up %s: %w", st.what, err)
		}
		if err := writeFile(stamp, []byte(key), 0o644); err != nil {
			return nil, err
		}
	}
	return s.Installation, nil
}

// digest is a short fingerprint of some texts.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:12])
}
