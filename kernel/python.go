package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"darkroom/lib/fetch"
)

// jupyterlab is the pinned version; packages are what pip is asked for, and pip chooses the rest.
const jupyterlab = "4.6.6"

var packages = []string{
	"jupyterlab==" + jupyterlab, "jupyter-server==2.21.1", "jupyter-client==8.10.0", "nbclient==0.11.0", "nbformat==5.11.1",
}

// unwanted are packages that come with the others and cost more than they give: this one, which only checks that a resource's name may have
// other letters than English ones, reads a grammar for two seconds whenever anything of Jupyter's starts. jsonschema does without it.
var unwanted = []string{"rfc3987-syntax"}

// ErrNoPython is returned where no Python 3 is installed.
var ErrNoPython = errors.New("JupyterLab needs Python 3.10 or newer, and no python3 is on the PATH: install it (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python3), then run darkroom lab again")

func pythonKey(s *setup) (string, error) {
	return digest(slices.Concat(packages, unwanted)...) + " " + s.Home, nil
}

// hasJupyter reports whether the environment's Python runs and finds what it needs: the system's Python may have been removed or updated
// since, or a package deleted.
func hasJupyter(in *Installation) bool {
	const script = "import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, sys.argv[1:])))"
	cmd := exec.Command(in.Python(), "-c", script, "jupyterlab", "jupyter_server", "jupyter_client", "nbclient", "nbformat")
	cmd.Env = in.jupyterEnv()
	return cmd.Run() == nil
}

func installPython(ctx context.Context, s *setup) error {
	python, err := exec.LookPath("python3")
	if err != nil {
		return ErrNoPython
	}
	out, err := exec.CommandContext(ctx, python, "-c", "import sys; print('%d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 10))").Output()
	if err != nil {
		return fmt.Errorf("%s is version %s, and JupyterLab needs Python 3.10 or newer", python, strings.TrimSpace(string(out)))
	}
	if fetch.Offline() {
		return errors.New("JupyterLab is not installed and DARKROOM_OFFLINE=1 forbids the network")
	}
	if err := os.RemoveAll(s.Venv()); err != nil { // what an interrupted installation left
		return err
	}
	if err := makeVenv(ctx, s, python); err != nil {
		return err
	}
	s.say("installing JupyterLab %s with pip (a minute or two)", jupyterlab)
	args := append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"}, packages...)
	if err := command(ctx, s.Home, s.jupyterEnv(), s.Python(), args...); err != nil {
		return fmt.Errorf("%w\nCheck the network and the package index that pip is set up for", err)
	}
	args = append([]string{"-m", "pip", "uninstall", "--quiet", "--disable-pip-version-check", "--yes"}, unwanted...)
	if err := command(ctx, s.Home, s.jupyterEnv(), s.Python(), args...); err != nil {
		return err
	}
	return configureJupyter(s.Installation)
}

// makeVenv makes an empty Python environment with pip in it: by venv, or by virtualenv where Python came without venv.
func makeVenv(ctx context.Context, s *setup, python string) error {
	if err := os.MkdirAll(filepath.Dir(s.Venv()), 0o755); err != nil {
		return err
	}
	first := command(ctx, s.Home, s.jupyterEnv(), python, "-m", "venv", s.Venv())
	if first == nil || ctx.Err() != nil {
		return first
	}
	if err := os.RemoveAll(s.Venv()); err != nil {
		return err
	}
	s.say("this Python has no venv; trying virtualenv")
	if err := command(ctx, s.Home, s.jupyterEnv(), python, "-m", "virtualenv", "--quiet", s.Venv()); err == nil {
		return nil
	}
	// A pip without venv can bring virtualenv itself, into a folder of ours.
	aside := filepath.Join(s.Home, "jupyter", "virtualenv")
	err := command(ctx, s.Home, s.jupyterEnv(), python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--no-input", "--upgrade", "--target", aside, "virtualenv")
	if err == nil {
		err = command(ctx, s.Home, append(s.jupyterEnv(), "PYTHONPATH="+aside), python, "-m", "virtualenv", "--quiet", s.Venv())
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	_ = os.RemoveAll(s.Venv())
	return fmt.Errorf("%s can make no environment for JupyterLab: it has neither venv nor virtualenv nor a pip that can bring it. "+
		"Install the missing part (Debian, Ubuntu: apt-get install python3-venv), then run darkroom lab again\n%w", python, first)
}

// configureJupyter turns off what would reach the network unasked: announcements and the check for updates.
func configureJupyter(in *Installation) error {
	config := filepath.Join(in.Home, "jupyter", "config")
	pages := `{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}` + "\n"
	overrides := `{"@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false", "doNotDisturbMode": false}}` + "\n"
	return errors.Join(
		writeFile(filepath.Join(config, "labconfig", "page_config.json"), []byte(pages), 0o644),
		writeFile(filepath.Join(in.Venv(), "share", "jupyter", "lab", "settings", "overrides.json"), []byte(overrides), 0o644),
	)
}
