package engine

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// versions are those of darkroom, of what it is built on, and of the machine.
func versions() map[string]string {
	out := map[string]string{"go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "processor": processor()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			out["commit"] = s.Value
		}
	}
	for _, d := range info.Deps {
		switch d.Path {
		case "github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla":
			out[d.Path[strings.LastIndexByte(d.Path, '/')+1:]] = d.Version
		}
	}
	return out
}

// processor is the model's name and the widest vector instructions that it has, since the kernels that libraries choose depend on
// them.
var processor = sync.OnceValue(func() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	name, vector := runtime.GOARCH, ""
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name":
			name = strings.TrimSpace(value)
		case "flags":
			for _, f := range []string{"avx2", "avx512f", "amx_tile"} {
				if strings.Contains(value, " "+f) {
					vector = f
				}
			}
		}
	}
	return strings.TrimSpace(name + " " + vector)
})
