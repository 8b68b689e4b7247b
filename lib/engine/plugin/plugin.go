package plugin

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"darkroom/lib/fetch"

	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"
)

// Env is the environment variable that overrides the choice: "xla:cpu", "xla:cuda" or "xla:/abs/path.so".
const Env = "DARKROOM_BACKEND"

// Plugin is an installed PJRT plugin.
type Plugin struct {
	Path   string // of the shared library; empty for xla:cuda, which GoMLX finds itself
	Config string // what GoMLX's backend is opened with, such as "xla:/path.so,shared_buffers=true"
	From   string // where it came from
	SHA256 string // of the library; empty for xla:cuda
}

// wheels carry a CPU plugin; both are unmodified builds of the XLA project's own (Apache-2.0). The first has the newer PJRT.
var wheels = []fetch.File{
	{
		Name:   "plugin/fastatomstruct-xla-cpu-2026.6.23/libpjrt_cpu.so",
		SHA256: "0a0fe56ca17be9efc7b942e89e534e5e0ad4a0f1e369b66d27b62184509015b9",
		From:   []fetch.Origin{fetch.Wheel{Package: "fastatomstruct-xla-cpu", Version: "2026.6.23", Member: "fastatomstruct_xla_cpu/libpjrt_cpu.so"}},
	},
	{
		Name:   "plugin/lammps-jax-pjrt-cpu-0.11.2/pjrt_c_api_cpu_plugin.so",
		SHA256: "ad1309ac822b1b24d51b7f9947c7c9fa9ef5d67f390584cbc3d1fa2428fed9c2",
		From:   []fetch.Origin{fetch.Wheel{Package: "lammps-jax-pjrt-cpu", Version: "0.11.2", Member: "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so"}},
	},
}

// Find returns the plugin that is chosen or installed already, without touching the network; ok is false if there is none.
func Find() (p Plugin, ok bool, err error) {
	if v := os.Getenv(Env); v != "" && v != "xla:cpu" {
		p, err = fromEnv(v)
		return p, err == nil, err
	}
	if own := ownPath(); isFile(own) {
		p, err = local(own, "GoMLX's installer")
		return p, err == nil, err
	}
	for _, w := range wheels {
		if w.Have() {
			return Plugin{w.Path(), config(w.Path()), w.From[0].String(), w.SHA256}, true, nil
		}
	}
	return Plugin{}, false, nil
}

// Ensure returns the plugin, installing it if there is none: GoMLX's own installer first, then the wheels, each checked by
// SHA-256. The error says what was tried and what to do.
func Ensure(ctx context.Context, say fetch.Say) (Plugin, error) {
	if p, ok, err := Find(); ok || err != nil {
		return p, err
	}
	if fetch.Platform() != "linux/amd64" && !strings.HasPrefix(fetch.Platform(), "darwin/") {
		return Plugin{}, fmt.Errorf("no PJRT plugin is known for %s: build one of the XLA project's and set %s=xla:/its/absolute/path.so", fetch.Platform(), Env)
	}
	if fetch.Offline() {
		return Plugin{}, fmt.Errorf("no XLA plugin is installed, and DARKROOM_OFFLINE forbids fetching one: unset it, or set %s=xla:/absolute/path.so "+
			"to use one that you have", Env)
	}
	say.Line("fetching the XLA plugin by GoMLX's installer (version " + pjrt.DefaultCPUVersion + ")")
	err := ownInstall()
	if err == nil {
		return local(ownPath(), "GoMLX's installer")
	}
	tried := []string{"GoMLX's installer: " + firstLine(err)}
	for _, w := range wheels {
		path, err := w.Ensure(ctx, say)
		if err == nil {
			return Plugin{path, config(path), w.From[0].String(), w.SHA256}, nil
		}
		if ctx.Err() != nil {
			return Plugin{}, ctx.Err()
		}
		tried = append(tried, err.Error())
	}
	return Plugin{}, fmt.Errorf("no XLA plugin could be installed:\n%s\nSet %s=xla:/absolute/path.so to use one that you have", strings.Join(tried, "\n"), Env)
}

func fromEnv(v string) (Plugin, error) {
	rest, ok := strings.CutPrefix(v, "xla:")
	switch {
	case !ok:
		return Plugin{}, fmt.Errorf("%s=%q is no backend: use xla:cpu, xla:cuda or xla:/absolute/path.so", Env, v)
	case rest == "cuda":
		return Plugin{Config: "xla:cuda,tf32=false", From: Env}, nil // a duality gap needs exact products
	case !filepath.IsAbs(rest):
		return Plugin{}, fmt.Errorf("%s=%q: the plugin's path must be absolute", Env, v)
	}
	return local(rest, Env)
}

// local accepts a library file after a look at what it is: loading a file that is no plugin would end the process.
func local(path, from string) (Plugin, error) {
	if !isFile(path) {
		return Plugin{}, fmt.Errorf("the XLA plugin %s (from %s) does not exist", path, from)
	}
	if err := isPlugin(path); err != nil {
		return Plugin{}, fmt.Errorf("%s (from %s) is not a PJRT plugin: %w; unset %s to use the installed one", path, from, err, Env)
	}
	sum, err := sumOnce(path)
	if err != nil {
		return Plugin{}, fmt.Errorf("the XLA plugin cannot be read: %w", err)
	}
	return Plugin{path, config(path), from, sum}, nil
}

func isPlugin(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		var bad *elf.FormatError
		if errors.As(err, &bad) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("it is no shared library")
		}
		return err
	}
	defer func() { _ = f.Close() }()
	syms, err := f.DynamicSymbols()
	if err != nil {
		return err
	}
	for _, s := range syms {
		if s.Name == "GetPjrtApi" && s.Section != elf.SHN_UNDEF {
			return nil
		}
	}
	return errors.New("it has no function GetPjrtApi")
}

func config(path string) string { return "xla:" + path + ",shared_buffers=true" }

// ownPath is where GoMLX's installer puts its plugin.
func ownPath() string {
	lib, err := installer.DefaultHomeLibPath()
	if err != nil {
		return ""
	}
	return filepath.Join(lib, "go-xla", "pjrt_c_api_cpu_"+pjrt.DefaultCPUVersion+"_plugin.so")
}

// ownInstall runs GoMLX's installer with its chatter on stderr, since stdout may be read by a program.
func ownInstall() error {
	lib, err := installer.DefaultHomeLibPath()
	if err != nil {
		return err
	}
	stdout := os.Stdout
	os.Stdout = os.Stderr
	defer func() { os.Stdout = stdout }()
	return installer.CPUAutoInstall(filepath.Join(lib, "go-xla"), true, installer.Quiet)
}

// Library is the file of the opened plugin, which GoMLX may have found itself, and its SHA-256; both are empty where there is none to read.
func (p Plugin) Library() (path, sum string) {
	if p.Path != "" {
		return p.Path, p.SHA256
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(p.Config, "xla:"), ",")
	loaded, err := pjrt.GetPlugin(name)
	if err != nil {
		return "", ""
	}
	sum, err = sumOnce(loaded.Path())
	if err != nil {
		return "", ""
	}
	return loaded.Path(), sum
}

var sums sync.Map // path -> SHA-256: a plugin is hundreds of megabytes and does not change under us

func sumOnce(path string) (string, error) {
	if s, ok := sums.Load(path); ok {
		return s.(string), nil
	}
	s, err := fetch.Sum(path)
	if err == nil {
		sums.Store(path, s)
	}
	return s, err
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}
