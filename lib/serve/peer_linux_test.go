package serve

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"darkroom/lib/lab"
)

// TestPeer has another user connect, past the mode of the folder, and be one who listens.
func TestPeer(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
	var log bytes.Buffer
	place := engine(t, Options{Log: &log})
	folder := filepath.Dir(place.Socket())
	as := func(uid int, do func()) { // for this thread
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		set := func(uid int) {
			if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); errno != 0 {
				t.Fatal(errno)
			}
		}
		set(uid)
		defer set(0)
		do()
	}
	const nobody = 65534
	var c net.Conn
	var err error
	as(nobody, func() { c, err = net.Dial("unix", place.Socket()) })
	if err == nil {
		t.Error("another user can enter the folder")
	}
	for path, mode := range map[string]os.FileMode{folder: 0o777, filepath.Dir(folder): 0o755, filepath.Dir(filepath.Dir(folder)): 0o755, place.Socket(): 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	as(nobody, func() { c, err = net.Dial("unix", place.Socket()) })
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
		t.Errorf("another user was told %q, %v", b, err)
	}

	t.Setenv(lab.Engine, "theirs")
	theirs, err := lab.PlaceOf("theirs")
	if err != nil {
		t.Fatal(err)
	}
	var l net.Listener
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	as(nobody, func() { l, err = net.Listen("unix", theirs.Socket()) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := sample(1); err == nil || !strings.Contains(err.Error(), "is not trusted") || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Errorf("another user's engine: %v", err)
	}
}
