package programs

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"darkroom/lib/fetch"
)

// Env is the environment variable that, set to "off", has every program compiled anew.
const Env = "DARKROOM_PROGRAMS"

// Most are the bytes that the folder holds; beyond, those that were not used for longest go.
const Most = 512 << 20

// Dir is the folder of the compiled programs.
func Dir() string { return filepath.Join(fetch.CacheDir(), "programs") }

var (
	mu       sync.Mutex
	enabled  = map[string]string{} // by plugin: why it is off
	hooked   bool                  // one plugin is
	identity []byte                // of plugin and machine; nil keeps nothing
	paused   atomic.Bool
	found    atomic.Int64
	kept     atomic.Int64
)

// Enable keeps the programs that a CPU plugin compiles from now on. Call it before the backend is made, and before onednn.Enable. The
// SHA-256 is the plugin's. It never fails: where it cannot be done programs are compiled each time, and reason says why. With DARKROOM_PROGRAMS=off
// nothing is kept, but Fourier transforms still have one thread.
func Enable(pluginPath, pluginSHA256 string) (reason string) {
	mu.Lock()
	defer mu.Unlock()
	if reason, ok := enabled[pluginPath]; ok {
		return reason
	}
	if hooked {
		reason = "the programs of another plugin are kept already"
	} else if reason = hook(pluginPath); reason == "" {
		hooked = true
		if os.Getenv(Env) == "off" {
			reason = Env + "=off"
		} else {
			identity = fmt.Appendf(nil, "darkroom 1\n%s\n%d %d\n%s\n%s", pluginSHA256, runtime.GOMAXPROCS(0), runtime.NumCPU(), processor(), os.Getenv("XLA_FLAGS"))
		}
	}
	enabled[pluginPath] = reason
	return reason
}

// Pause has programs compiled anew, and not kept, until the function that it returns is called. It is for measuring.
func Pause() (resume func()) {
	paused.Store(true)
	return func() { paused.Store(false) }
}

// Stats are the programs that were found in the folder, and those that were put there, by this process.
func Stats() (programsFound, programsKept int64) { return found.Load(), kept.Load() }

// processor is what of the processor decides which instructions XLA emits.
func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name", "model", "stepping", "flags", "Features":
			out.WriteString(value)
		case "":
			return out.String() // the others are alike
		}
	}
	return out.String()
}

func path(code, options []byte) string {
	h := sha256.New()
	for _, part := range [][]byte{identity, options, code} {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	return filepath.Join(Dir(), hex.EncodeToString(h.Sum(nil)))
}

// find returns the serialised executable, or nil. A file that is cut or changed is as good as none.
func find(code, options []byte) []byte {
	if paused.Load() || identity == nil {
		return nil
	}
	name := path(code, options)
	b, err := os.ReadFile(name)
	if err != nil || len(b) <= sha256.Size {
		return nil
	}
	if sum := sha256.Sum256(b[sha256.Size:]); !bytes.Equal(sum[:], b[:sha256.Size]) {
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now)
	found.Add(1)
	return b[sha256.Size:]
}

// keep writes the executable after its SHA-256. Where that fails, as on a full disk, it is compiled again the next time.
func keep(code, options, program []byte) {
	if paused.Load() || identity == nil || os.MkdirAll(Dir(), 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(Dir(), "new-")
	if err != nil {
		return
	}
	sum := sha256.Sum256(program)
	_, err1 := f.Write(sum[:])
	_, err2 := f.Write(program)
	if err3 := f.Close(); err1 != nil || err2 != nil || err3 != nil || os.Rename(f.Name(), path(code, options)) != nil {
		_ = os.Remove(f.Name())
		return
	}
	kept.Add(1)
	prune(Dir(), Most)
}

// prune removes the files that were not used for longest until those left hold at most so many bytes.
func prune(dir string, most int64) {
	files := files(dir)
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	var total int64
	for _, f := range files {
		if total += f.Size(); total > most {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}

// Kept counts the programs in the folder, and their bytes.
func Kept() (programs int, bytes int64) {
	for _, f := range files(Dir()) {
		programs, bytes = programs+1, bytes+f.Size()
	}
	return programs, bytes
}

func files(dir string) (out []fs.FileInfo) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			out = append(out, info)
		}
	}
	return out
}
