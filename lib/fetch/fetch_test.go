package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const content = "what was pinned"

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// server answers on loopback with the pinned content, counts its answers, and is slow if asked for /slow.
func server(t *testing.T) (address string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/slow":
			time.Sleep(300 * time.Millisecond)
		case "/wrong":
			_, _ = fmt.Fprint(w, "something else")
			return
		case "/cut":
			w.Header().Set("Content-Length", "1000")
		case "/hang":
			<-r.Context().Done()
			return
		case "/missing":
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprint(w, content)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// home gives the test an empty cache of its own.
func home(t *testing.T) {
	t.Setenv("DARKROOM_HOME", t.TempDir())
	t.Setenv("DARKROOM_OFFLINE", "")
}

// leftovers lists what lies in the cache beside the wanted files and their locks.
func leftovers(t *testing.T, wanted ...string) []string {
	t.Helper()
	var out []string
	keep := map[string]bool{}
	for _, w := range wanted {
		keep[w] = true
	}
	err := filepath.WalkDir(CacheDir(), func(p string, e os.DirEntry, err error) error {
		if err == nil && e.Name() == ".locks" {
			return filepath.SkipDir
		}
		if err == nil && !keep[p] && (!e.IsDir() || strings.HasPrefix(e.Name(), ".")) {
			out = append(out, p)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

func TestEnsureFetchesOnce(t *testing.T) {
	home(t)
	address, asked := server(t)
	f := File{Name: "data/some/file.bin", SHA256: sum(content), From: []Origin{URL{address + "/file"}}}
	if f.Have() {
		t.Fatal("there before it was fetched")
	}
	var said []string
	for range 2 {
		path, err := f.Ensure(context.Background(), func(line string) { said = append(said, line) })
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != content || path != f.Path() {
			t.Errorf("%s holds %q", path, got)
		}
	}
	if asked.Load() != 1 || len(said) != 1 || !strings.Contains(said[0], "fetching file.bin from http://") {
		t.Errorf("asked %d times, said %q; want once", asked.Load(), said)
	}
	if err := f.Verify(); err != nil || !f.Have() {
		t.Errorf("Verify: %v", err)
	}
	if got := leftovers(t, f.Path()); got != nil {
		t.Errorf("left over: %v", got)
	}
	if err := os.WriteFile(f.Path(), []byte("edited"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Verify(); !errors.Is(err, ErrHash) || !strings.Contains(err.Error(), sum("edited")) {
		t.Errorf("Verify of an edited file: %v", err)
	}
}

func TestEnsureGoesOnToTheNextOrigin(t *testing.T) {
	home(t)
	address, _ := server(t)
	f := File{Name: "f", SHA256: sum(content), From: []Origin{
		URL{address + "/missing"}, URL{address + "/wrong"}, URL{address + "/cut"}, URL{address + "/file"},
	}}
	if _, err := f.Ensure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Verify(); err != nil {
		t.Error(err)
	}
	if got := leftovers(t, f.Path()); got != nil {
		t.Errorf("left over: %v", got)
	}
}

func TestEnsureRefusesAnotherHash(t *testing.T) {
	home(t)
	address, _ := server(t)
	f := File{Name: "data/f.bin", SHA256: sum(content), From: []Origin{URL{address + "/wrong"}, URL{address + "/missing"}}}
	var said []string
	_, err := f.Ensure(context.Background(), func(line string) { said = append(said, line) })
	if !errors.Is(err, ErrHash) {
		t.Fatalf("error is %v", err)
	}
	for _, want := range []string{
		"cannot get f.bin", address + "/wrong: SHA-256 differs", "want " + sum(content), "got " + sum("something else"),
		address + "/missing: answered 404", "put the file at " + f.Path(),
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if !strings.Contains(strings.Join(said, "\n"), "SHA-256 differs") {
		t.Errorf("said %q", said)
	}
	if got := leftovers(t); got != nil || f.Have() {
		t.Errorf("left over: %v", got)
	}
}

func TestEnsureOffline(t *testing.T) {
	home(t)
	address, asked := server(t)
	f := File{Name: "f", SHA256: sum(content), From: []Origin{
		URL{address + "/file"}, Wheel{"some-package", "1.0", "m"}, Deb{"some-package", "m"}, Npm{"some-package", "1.0", "m"},
		GoModule{"example.com/none", "v1.0.0", "m"},
	}}
	t.Setenv("DARKROOM_OFFLINE", "1")
	_, err := f.Ensure(context.Background(), nil)
	if err == nil || strings.Count(err.Error(), "DARKROOM_OFFLINE=1 forbids") != 4 ||
		!strings.Contains(err.Error(), "Unset DARKROOM_OFFLINE") {
		t.Errorf("error is %v", err)
	}
	if asked.Load() != 0 {
		t.Error("the network was used")
	}
	t.Setenv("DARKROOM_OFFLINE", "")
	f.From = f.From[:1]
	if _, err = f.Ensure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DARKROOM_OFFLINE", "1")
	if _, err = f.Ensure(context.Background(), nil); err != nil {
		t.Errorf("offline, with the file there: %v", err)
	}
}

func TestEnsureCancelled(t *testing.T) {
	home(t)
	address, _ := server(t)
	f := File{Name: "f", SHA256: sum(content), From: []Origin{URL{address + "/hang"}, URL{address + "/file"}}}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.Ensure(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	if got := leftovers(t); got != nil || f.Have() {
		t.Errorf("left over: %v", got)
	}
	// Waiting for another who holds the file can be cancelled too.
	unlock, err := f.lock(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx2, cancel2 := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel2()
	var said string
	if _, err := f.Ensure(ctx2, func(line string) { said += line }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	if !strings.Contains(said, "waiting for another process") {
		t.Errorf("said %q", said)
	}
}

func TestEnsureClearsWhatAKilledProcessLeft(t *testing.T) {
	home(t)
	address, _ := server(t)
	f := File{Name: "data/f", SHA256: sum(content), From: []Origin{URL{address + "/file"}}}
	left := filepath.Join(filepath.Dir(f.Path()), ".fetch-f", "work")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "half"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Ensure(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if got := leftovers(t, f.Path()); got != nil {
		t.Errorf("left over: %v", got)
	}
}

func TestEnsureWhereNothingCanBeWritten(t *testing.T) {
	home(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DARKROOM_HOME", file)
	_, err := File{Name: "data/f"}.Ensure(context.Background(), nil)
	if err == nil || !strings.Contains(err.Error(), "set DARKROOM_HOME to a folder that can be written") {
		t.Errorf("error is %v", err)
	}
}

// Eight goroutines here and four processes (this test, run again) want one file that is slow to come: one request is
// made.
func TestEnsureByManyAtOnce(t *testing.T) {
	if address := os.Getenv("FETCH_TEST_ADDRESS"); address != "" {
		ensureSlow(t, address)
		return
	}
	home(t)
	address, asked := server(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { ensureSlow(t, address) })
	}
	for range 4 {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestEnsureByManyAtOnce$")
			cmd.Env = append(os.Environ(), "FETCH_TEST_ADDRESS="+address)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func ensureSlow(t *testing.T, address string) {
	f := File{Name: "data/slow", SHA256: sum(content), From: []Origin{URL{address + "/slow"}}}
	if _, err := f.Ensure(context.Background(), nil); err != nil {
		t.Error(err)
	}
	if err := f.Verify(); err != nil {
		t.Error(err)
	}
}

func TestFolders(t *testing.T) {
	t.Setenv("DARKROOM_HOME", "/home/of/darkroom")
	if CacheDir() != "/home/of/darkroom/cache" || DataDir() != "/home/of/darkroom/data" {
		t.Errorf("%s, %s", CacheDir(), DataDir())
	}
	t.Setenv("DARKROOM_HOME", "")
	t.Setenv("XDG_DATA_HOME", "/xdg/data")
	if DataDir() != "/xdg/data/darkroom" {
		t.Errorf("DataDir is %s", DataDir())
	}
	t.Setenv("XDG_DATA_HOME", "relative, so to be ignored")
	t.Setenv("HOME", "/home/me")
	if want := "/home/me/.local/share/darkroom"; DataDir() != want {
		t.Errorf("DataDir is %s, want %s", DataDir(), want)
	}
}
