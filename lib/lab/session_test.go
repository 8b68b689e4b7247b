package lab

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPlaceOf(t *testing.T) {
	short := t.TempDir()
	for what, c := range map[string]struct{ folder, session string }{
		"short":         {short, "notes"},
		"a long name":   {short, strings.Repeat("n", 100)},
		"a long folder": {filepath.Join(short, strings.Repeat("f", 120)), "notes"},
	} {
		if err := os.MkdirAll(c.folder, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("XDG_RUNTIME_DIR", c.folder)
		p, err := PlaceOf(c.session)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		t.Cleanup(p.remove)
		l, err := net.Listen("unix", p.Socket()) // the system takes the path
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		_ = l.Close()
		if again, err := PlaceOf(c.session); err != nil || again != p {
			t.Errorf("%s: %v, then %v, %v", what, p, again, err)
		}
		if other, _ := PlaceOf(c.session[1:]); other.Socket() == p.Socket() {
			t.Errorf("%s: two sessions share %s", what, p.Socket())
		}
		if st, err := os.Stat(filepath.Dir(p.Socket())); err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", what, st.Mode(), err)
		}
	}
	t.Setenv("XDG_RUNTIME_DIR", short)
	if p, err := PlaceOf("notes"); err != nil || p.Socket() != filepath.Join(short, "darkroom", "notes.sock") {
		t.Errorf("got %v, %v", p, err)
	}
	for _, bad := range []string{"", "a/b", "..", ".hidden", "a b", strings.Repeat("n", 101)} {
		if _, err := PlaceOf(bad); err == nil || !strings.Contains(err.Error(), "is no name of a session") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := os.Chmod(filepath.Join(short, "darkroom"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := PlaceOf("notes"); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(filepath.Join(short, "darkroom")); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("others may enter: %v, %v", st.Mode(), err)
	}
}

func TestHold(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	nothing := func() error { return nil }
	p, err := PlaceOf("notes")
	if err != nil {
		t.Fatal(err)
	}
	h, err := p.Hold(Running{Session: "notes", PID: 7, Command: "c"}, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Hold(Running{}, nothing); !errors.Is(err, ErrRunning) {
		t.Errorf("a second engine: %v", err)
	}
	if got := Engines(); len(got) != 1 || got[0] != (Running{"notes", 7, "c"}) {
		t.Errorf("engines: %v", got)
	}
	// One that was killed: its files stay, its lock does not.
	left, err := PlaceOf("left")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{left.lock(), left.Log(), left.Socket()} {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := Engines(); len(got) != 1 {
		t.Errorf("one that was killed is listed: %v", got)
	}
	other, err := PlaceOf("other")
	if err != nil {
		t.Fatal(err)
	}
	o, err := other.Hold(Running{Session: "other", PID: 8}, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Release(h), other.Release(o)); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(filepath.Dir(p.Socket()))
	if err != nil || len(files) != 1 || files[0].Name() != "lock" {
		t.Errorf("left behind: %v, %v", files, err)
	}
}
