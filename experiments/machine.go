package experiments

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// ThisMachine describes the machine in a line: processor, cores, memory, system. What cannot be found out is left out.
func ThisMachine() string {
	parts := []string{fmt.Sprintf("%d cores", runtime.NumCPU())}
	if model := procField("/proc/cpuinfo", "model name"); model != "" {
		parts = slices.Insert(parts, 0, model)
	}
	var kib int64
	if _, err := fmt.Sscanf(procField("/proc/meminfo", "MemTotal"), "%d kB", &kib); err == nil {
		parts = append(parts, fmt.Sprintf("%d GiB", (kib+1<<19)>>20))
	}
	return strings.Join(append(parts, runtime.GOOS+"/"+runtime.GOARCH), ", ")
}

// procField returns the first value of a "name : value" line.
func procField(path, name string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// recorded are the modules that the numbers and figures depend on.
var recorded = []string{
	"github.com/gomlx/compute", "github.com/gomlx/go-xla", "github.com/gomlx/gomlx", "gonum.org/v1/gonum",
	"gonum.org/v1/plot",
}

// Versions returns the versions of Go and of the modules that the numbers depend on, as they are linked into this
// program.
func Versions() map[string]string {
	out := map[string]string{"go": strings.TrimPrefix(runtime.Version(), "go")}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	for _, m := range info.Deps {
		if slices.Contains(recorded, m.Path) {
			version := m.Version
			if m.Replace != nil {
				version = m.Replace.Version
			}
			out[m.Path] = version
		}
	}
	return out
}
