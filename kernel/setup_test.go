package kernel

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newSetup(t *testing.T) *setup {
	t.Helper()
	t.Setenv("DARKROOM_HOME", t.TempDir())
	t.Setenv("DARKROOM_OFFLINE", "")
	return &setup{Installation: At(t.TempDir()), say: t.Logf}
}

// fakePython puts a python3 on an otherwise empty PATH: a shell script, given the arguments.
func fakePython(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/bin:/usr/bin")
}

func TestNoPython(t *testing.T) {
	s := newSetup(t)
	t.Setenv("PATH", t.TempDir())
	if err := installPython(context.Background(), s); !errors.Is(err, ErrNoPython) {
		t.Errorf("got %v", err)
	}
}

func TestOldPython(t *testing.T) {
	s := newSetup(t)
	fakePython(t, `echo 3.6; exit 1`)
	err := installPython(context.Background(), s)
	if err == nil || !strings.Contains(err.Error(), "is version 3.6, and JupyterLab needs Python 3.10") {
		t.Errorf("got %v", err)
	}
}

func TestPythonWithoutVenv(t *testing.T) {
	s := newSetup(t)
	fakePython(t, `case "$*" in -c*) echo 3.11;; *) echo "No module named ${2}"; exit 1;; esac`)
	err := installPython(context.Background(), s)
	if err == nil || !strings.Contains(err.Error(), "apt-get install python3-venv") || !strings.Contains(err.Error(), "No module named venv") {
		t.Errorf("got %v", err)
	}
	if exists(s.Venv()) {
		t.Error("half an environment was left")
	}
}

func TestPythonWithVirtualenv(t *testing.T) {
	s := newSetup(t)
	// virtualenv makes an environment whose pip records what it was asked for
	fakePython(t, `case "$*" in
-c*) echo 3.11;;
"-m virtualenv"*) mkdir -p "$4/bin" && printf '#!/bin/sh\necho "$@" >> "`+s.Home+`/asked"\n' > "$4/bin/python" && chmod +x "$4/bin/python";;
*) exit 1;; esac`)
	if err := installPython(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	asked, err := os.ReadFile(filepath.Join(s.Home, "asked"))
	if err != nil || !strings.Contains(string(asked), "jupyterlab=="+jupyterlab) || !strings.Contains(string(asked), "uninstall --quiet --disable-pip-version-check --yes rfc3987-syntax") {
		t.Errorf("pip was asked for %q, %v", asked, err)
	}
	if b, err := os.ReadFile(filepath.Join(s.Home, "jupyter", "config", "labconfig", "page_config.json")); err != nil || !strings.Contains(string(b), "announcements") {
		t.Errorf("announcements are not turned off: %q, %v", b, err)
	}
}

func TestOfflineWithoutJupyter(t *testing.T) {
	s := newSetup(t)
	t.Setenv("DARKROOM_OFFLINE", "1")
	fakePython(t, `echo 3.11`)
	if err := installPython(context.Background(), s); err == nil || !strings.Contains(err.Error(), "DARKROOM_OFFLINE") {
		t.Errorf("got %v", err)
	}
}

// TestJupyterRemoved has the environment be damaged after set-up: its Python no longer finds JupyterLab. Set-up begins anew, and says what it lacks.
func TestJupyterRemoved(t *testing.T) {
	s := newSetup(t)
	repo, err := FindRepo()
	if err != nil {
		t.Fatal(err)
	}
	s.Installation = At(repo)
	key, err := pythonKey(s)
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{s.Python(): "#!/bin/sh\nexit 1\n", filepath.Join(s.Home, "kernel", "stamps", "python"): key} {
		if err := writeFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("DARKROOM_OFFLINE", "1")
	fakePython(t, `echo 3.11`)
	if _, err := Setup(t.Context(), Options{Repo: repo}); err == nil || !strings.Contains(err.Error(), "JupyterLab is not installed and DARKROOM_OFFLINE=1") {
		t.Errorf("without JupyterLab: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Setup(t.Context(), Options{Repo: repo}); !errors.Is(err, ErrNoPython) {
		t.Errorf("without Python, too: %v", err)
	}
	if p := Status()[2]; p.Name != "jupyterlab" || p.Have || p.Remedy != "darkroom lab" {
		t.Errorf("its status: %+v", p)
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port := l.Addr().(*net.TCPAddr).Port
	err = At(t.TempDir()).Lab(context.Background(), LabOptions{Dir: t.TempDir(), Port: port})
	if err == nil || !strings.Contains(err.Error(), "is in use: choose another with --port") {
		t.Errorf("got %v", err)
	}
	if _, err := freePort(70000); err == nil || !strings.Contains(err.Error(), "70000 is out of range") {
		t.Errorf("got %v", err)
	}
	if p, err := freePort(0); err != nil || p == 0 {
		t.Errorf("got %d, %v", p, err)
	}
}

func TestFindRepo(t *testing.T) {
	here, err := FindRepo()
	if err != nil || !exists(filepath.Join(here, "kernel", "cellgo")) {
		t.Errorf("got %q, %v", here, err)
	}
	t.Setenv("DARKROOM_REPO", t.TempDir())
	if _, err := FindRepo(); err == nil || !strings.Contains(err.Error(), "is not a clone of darkroom") {
		t.Errorf("got %v", err)
	}
}

func TestWorkspaceMod(t *testing.T) {
	got := string(workspaceMod([]byte("module darkroom\n\ngo 1.26.8\n\ntool example.com/t\n\nrequire example.com/a v1.0.0\n"), "/clone"))
	for _, want := range []string{"module darkroom_cell\n", "require example.com/a v1.0.0", "\tdarkroom => /clone\n", "gonb " + gonbVersion} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "tool ") {
		t.Errorf("it keeps the tools:\n%s", got)
	}
}

func TestToolsArePinned(t *testing.T) {
	if !strings.Contains(string(toolsMod), "github.com/janpfeifer/gonb "+gonbVersion+" ") {
		t.Errorf("tools.mod does not pin gonb %s", gonbVersion)
	}
	for _, p := range toolPackages {
		if !strings.Contains(string(toolsMod), p) {
			t.Errorf("tools.mod lacks %s", p)
		}
	}
}

func TestStatusOfNothing(t *testing.T) {
	t.Setenv("DARKROOM_HOME", t.TempDir())
	missing := 0
	for _, p := range Status() {
		if p.Have != (p.Remedy == "") {
			t.Errorf("%s: have %v, remedy %q", p.Name, p.Have, p.Remedy)
		}
		if p.Remedy == "darkroom lab" {
			missing++
		}
	}
	if missing != 5 {
		t.Errorf("%d parts are missing in an empty home, want 5: %+v", missing, Status())
	}
}
