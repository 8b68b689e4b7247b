package cli

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"darkroom/lib/fetch"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/image/bmp"
)

// TestMain makes this test binary serve as the darkroom command in scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"darkroom": func() {
			if limit := os.Getenv("TEST_FILE_LIMIT"); limit != "" {
				limitFiles(limit)
			}
			os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// limitFiles makes every write beyond so many bytes of a file fail, as on a full disk.
func limitFiles(bytes string) {
	n, err := strconv.ParseUint(bytes, 10, 64)
	if err != nil {
		panic(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
		panic(err)
	}
}

// TestScript runs the transcripts of testdata/script. They share the user's cache, so that the plugin is there, and keep their
// runs to themselves.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for _, k := range []string{"HOME", "DARKROOM_KERNELS", "GOPATH", "GOMODCACHE"} {
				if v, ok := os.LookupEnv(k); ok {
					env.Setenv(k, v)
				}
			}
			caches := filepath.Join(env.WorkDir, "caches")
			if err := errors.Join(os.MkdirAll(fetch.CacheDir(), 0o755), os.Mkdir(caches, 0o755),
				os.Symlink(fetch.CacheDir(), filepath.Join(caches, "darkroom"))); err != nil {
				return err
			}
			env.Setenv("XDG_CACHE_HOME", caches)
			repo, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			env.Setenv("DARKROOM_REPO", repo)
			env.Setenv("DARKROOM_RUNS", filepath.Join(env.WorkDir, "runs"))
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
			return writePictures(filepath.Join(env.WorkDir, "pictures"), 12, 28)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"pictures":    pictures,
			"badpictures": badPictures,
			"await":       await,
			"damage":      damage,
			"same":        same,
			"listen":      listen,
			"exits":       exits,
			"only":        only,
			"transparent": transparent,
		},
	})
}

// pictures DIR N SIDE writes N grey PNG pictures of SIDE×SIDE.
func pictures(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: pictures DIR N SIDE")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	side, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(writePictures(ts.MkAbs(args[0]), n, side))
}

// writePictures writes pictures of a bright disc on a dark ground, 00.png and so on.
func writePictures(dir string, n, side int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.png", i)), pngOf(disc(i, side)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// disc is the i-th picture.
func disc(i, side int) *image.Gray {
	r := rand.New(rand.NewPCG(7, uint64(i)))
	im := image.NewGray(image.Rect(0, 0, side, side))
	cx, cy, radius := side/4+r.IntN(side/2), side/4+r.IntN(side/2), 1+side/8+r.IntN(side/4)
	for y := range side {
		for x := range side {
			v := 20 + r.IntN(20)
			if (x-cx)*(x-cx)+(y-cy)*(y-cy) < radius*radius {
				v = 200 + r.IntN(40)
			}
			im.SetGray(x, y, color.Gray{Y: uint8(v)})
		}
	}
	return im
}

func pngOf(im image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		panic(err) // into memory
	}
	return b.Bytes()
}

// cmyk is a 16×8 JPEG of one CMYK colour (200, 40, 90, 30), written by Pillow 12.
const cmyk = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwL" +
	"CgwJCgoK/8AAFAgACAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAAB" +
	"fQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hp" +
	"anN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5" +
	"+v/aAA4EQwBNAFkASwAAPwD826/VyvpSv2Eoooor/9k="

// badPictures DIR puts a corrupt, a truncated, a zero-size, a 16-bit, a CMYK and a mislabelled picture into a folder.
func badPictures(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: badpictures DIR")
	}
	good := pngOf(disc(100, 28))
	corrupt := bytes.Clone(good)
	for i := len(corrupt) / 2; i < len(corrupt)-20; i++ {
		corrupt[i] ^= 0x55
	}
	deep := image.NewGray16(image.Rect(0, 0, 28, 28))
	for i := range deep.Pix {
		deep.Pix[i] = uint8(i * 7)
	}
	ink, err := base64.StdEncoding.DecodeString(cmyk)
	ts.Check(err)
	var mislabelled, jpg bytes.Buffer
	ts.Check(bmp.Encode(&mislabelled, disc(101, 28)))
	ts.Check(jpeg.Encode(&jpg, disc(102, 28), nil))
	for name, b := range map[string][]byte{
		"corrupt.png": corrupt, "truncated.jpg": jpg.Bytes()[:jpg.Len()/2], "nothing.png": nil, "deep.png": pngOf(deep),
		"ink.jpg": ink, "mislabelled.png": mislabelled.Bytes(), "text.gif": []byte("no picture at all\n"),
	} {
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), name), b, 0o600))
	}
}

// transparent FILE writes a PNG picture with an alpha channel.
func transparent(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: transparent FILE")
	}
	im := image.NewNRGBA(image.Rect(0, 0, 28, 28))
	for i := range im.Pix {
		im.Pix[i] = uint8(i)
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, pngOf(im), 0o600))
}

// await PATTERN waits until a file fits, for at most two minutes.
func await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: await PATTERN")
	}
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if found, _ := filepath.Glob(ts.MkAbs(args[0])); len(found) > 0 {
			return
		}
	}
	ts.Fatalf("no file fits %s", args[0])
}

// damage truncate|edit|edit-first|cut-line PATTERN damages the last file that fits: it cuts it in half, changes a byte in its middle or in its
// first line, or cuts its last line short.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: damage truncate|edit|edit-first|cut-line PATTERN")
	}
	found, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("no file fits %s", args[1])
	}
	path := found[len(found)-1]
	b, err := os.ReadFile(path)
	ts.Check(err)
	switch args[0] {
	case "truncate":
		b = b[:len(b)/2]
	case "edit":
		b[len(b)/2] ^= 1
	case "edit-first":
		b[9] ^= 1
	case "cut-line":
		b = b[:len(b)-5]
	default:
		ts.Fatalf("unknown damage %q", args[0])
	}
	ts.Check(os.WriteFile(path, b, 0o600))
}

// only NAME PATTERN sets $NAME to the one file that fits.
func only(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: only NAME PATTERN")
	}
	found, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%d files fit %s", len(found), args[1])
	}
	ts.Setenv(args[0], found[0])
}

// same A B checks that two run directories hold the same weights, events and metrics, byte for byte.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: same RUN RUN")
	}
	var at [2]string
	for i, pattern := range args {
		found, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		if len(found) != 1 {
			ts.Fatalf("%d folders fit %s", len(found), pattern)
		}
		at[i] = found[0]
	}
	err := sameRuns(at[0], at[1])
	if neg && err == nil {
		ts.Fatalf("%s and %s are the same", args[0], args[1])
	} else if !neg {
		ts.Check(err)
	}
}

// sameRuns compares what must be reproducible.
func sameRuns(a, b string) error {
	metrics, err := filepath.Glob(filepath.Join(a, "metrics-*.json"))
	if err != nil {
		return err
	}
	if len(metrics) == 0 {
		return fmt.Errorf("%s has no metrics", a)
	}
	names := []string{"spec.json", "weights.safetensors", "events.jsonl"}
	for _, m := range metrics {
		names = append(names, filepath.Base(m))
	}
	for _, n := range names {
		x, err := os.ReadFile(filepath.Join(a, n))
		if err != nil {
			return err
		}
		y, err := os.ReadFile(filepath.Join(b, n))
		if err != nil {
			return err
		}
		if len(x) == 0 || !bytes.Equal(x, y) {
			return fmt.Errorf("%s differs between %s and %s (%d and %d bytes)", n, a, b, len(x), len(y))
		}
	}
	return nil
}

// listen NAME opens a port on the loopback interface until the script ends, and sets $NAME to its number.
func listen(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: listen NAME")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// exits CODE [ARGUMENT...] runs darkroom and checks its exit code. If that is not 0, stderr must hold one message, on the lines
// from the first that begins with "darkroom: ", and stdout nothing.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("darkroom", args[1:]...)
	got := 0
	if err != nil {
		var code int
		if _, serr := fmt.Sscanf(err.Error(), "exit status %d", &code); serr != nil {
			ts.Fatalf("darkroom %s: %v", strings.Join(args[1:], " "), err)
		}
		got = code
	}
	if got != want {
		ts.Fatalf("darkroom %s: exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
	stderr := ts.ReadFile("stderr")
	if n := strings.Count("\n"+stderr, "\ndarkroom: "); want != 0 && n != 1 {
		ts.Fatalf("%d messages, want one:\n%s", n, stderr)
	}
	if out := ts.ReadFile("stdout"); want != 0 && out != "" {
		ts.Fatalf("a failure printed to stdout:\n%s", out)
	}
	for _, raw := range []string{"goroutine ", "panic", "strconv.", "%!"} {
		if strings.Contains(stderr, raw) {
			ts.Fatalf("stderr holds %q:\n%s", raw, stderr)
		}
	}
}
