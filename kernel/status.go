package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"darkroom/lib/fetch"
)

// Part is one thing that notebooks need.
type Part struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Path    string `json:"path,omitempty"`
	SHA256  string `json:"sha256,omitempty"` // of a program
	Have    bool   `json:"have"`
	Remedy  string `json:"remedy,omitempty"` // the command that mends it; empty when it is there
}

// Status says what of the notebook is installed and where. It changes nothing and reaches no network.
func Status() []Part {
	in := At("")
	const setup = "darkroom lab"
	program := func(name, version, path, remedy string) Part {
		p := Part{Name: name, Version: version, Path: path}
		if sum, err := fetch.Sum(path); err == nil {
			p.Have, p.SHA256 = true, sum
		} else {
			p.Remedy = remedy
		}
		return p
	}
	folder := func(name, path string) Part {
		p := Part{Name: name, Path: path, Have: exists(path)}
		if !p.Have {
			p.Remedy = setup
		}
		return p
	}
	goPath, _ := exec.LookPath("go")
	goVersion, _ := exec.Command(goPath, "env", "GOVERSION").Output()
	python, _ := exec.LookPath("python3")
	pythonVersion, _ := exec.Command(python, "-c", "import platform; print(platform.python_version())").Output()
	parts := []Part{
		program("go", strings.TrimSpace(string(goVersion)), goPath, "install Go 1.26 or newer"),
		program("python3", strings.TrimSpace(string(pythonVersion)), python, "apt-get install python3 python3-venv"),
		folder("jupyterlab", in.Venv()),
		program("gonb", gonbVersion, in.tool("gonb"), setup),
		program("goimports", "", in.tool("goimports"), setup),
		folder("kernelspec", filepath.Join(in.Kernelspec(), "kernel.json")),
		folder("workspace", filepath.Join(in.Workspace(), "go.mod")),
	}
	if p := &parts[2]; p.Have { // the folder alone is not JupyterLab
		found, _ := filepath.Glob(filepath.Join(in.Venv(), "lib", "python*", "site-packages", "jupyterlab-*.dist-info"))
		if len(found) == 1 && hasJupyter(in) {
			p.Version = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "jupyterlab-"), ".dist-info")
		} else {
			p.Have, p.Remedy = false, setup
		}
	}
	if p := &parts[5]; p.Have { // Jupyter must find the command that the kernelspec names
		if _, err := os.Stat(in.Binary()); err != nil {
			p.Have, p.Remedy = false, setup
		}
	}
	return parts
}
