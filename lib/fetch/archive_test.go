package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// zipOf writes an archive whose names lead out of any folder, beside the good one.
func zipOf(t *testing.T, path string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"../evil", "/tmp/evil-absolute", "good-1.2/data.bin", "good-1.2/other.bin"} {
		w, err := z.Create(name)
		must(t, err)
		_, err = w.Write([]byte(name))
		must(t, err)
	}
	must(t, z.Close())
	must(t, os.WriteFile(path, b.Bytes(), 0o600))
}

func tarOf(t *testing.T, path string) {
	t.Helper()
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	w := tar.NewWriter(gz)
	for _, h := range []tar.Header{
		{Name: "../evil", Typeflag: tar.TypeReg, Size: 4, Mode: 0o644},
		{Name: "package/link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		{Name: "package/data.bin", Typeflag: tar.TypeReg, Size: 4, Mode: 0o644},
	} {
		must(t, w.WriteHeader(&h))
		if h.Size > 0 {
			_, err := w.Write([]byte("good"))
			must(t, err)
		}
	}
	must(t, w.Close())
	must(t, gz.Close())
	must(t, os.WriteFile(path, b.Bytes(), 0o600))
}

func TestArchivesCannotWriteOutside(t *testing.T) {
	top := t.TempDir()
	for _, name := range []string{"a.whl", "a.tgz"} {
		dir := filepath.Join(top, "in", name)
		must(t, os.MkdirAll(dir, 0o755))
		member := "package/data.bin"
		if name == "a.whl" {
			zipOf(t, filepath.Join(dir, name))
			member = "good-*/data.bin"
		} else {
			tarOf(t, filepath.Join(dir, name))
		}
		dst := filepath.Join(dir, "out")
		must(t, firstMember(dir, member, dst))
		if b, _ := os.ReadFile(dst); len(b) == 0 || strings.Contains(string(b), "evil") {
			t.Errorf("%s gave %q", name, b)
		}
		for _, m := range []string{"absent", "package/link"} {
			if err := firstMember(dir, m, filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "has no "+m) {
				t.Errorf("%s: member %s: error is %v", name, m, err)
			}
		}
		must(t, firstMember(dir, "../evil", dst)) // asked for by name, it still lands where the caller says
	}
	err := filepath.WalkDir(top, func(p string, _ os.DirEntry, err error) error {
		if err == nil && filepath.Base(p) == "evil" {
			t.Errorf("%s was written", p)
		}
		return err
	})
	must(t, err)
	if _, err := os.Stat("/tmp/evil-absolute"); err == nil {
		t.Error("an absolute name was written")
	}
	if err := firstMember(t.TempDir(), "m", filepath.Join(top, "x")); err == nil || !strings.Contains(err.Error(), "left no archive") {
		t.Errorf("no archive: error is %v", err)
	}
}

// A link in a Debian package must not lead to a file outside it.
func TestDebLinksCannotLeadOutside(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "root", "usr"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o600))
	must(t, os.Symlink("../../secret", filepath.Join(dir, "root", "usr", "link")))
	must(t, os.WriteFile(filepath.Join(dir, "root", "usr", "file"), []byte("good"), 0o600))
	fetched := func(member string) (string, error) {
		d := Deb{Package: "p", Member: member}
		p := packages{got: map[string]downloaded{d.String(): {dir: dir}}}
		dst := filepath.Join(t.TempDir(), "dst")
		err := d.fetch(context.Background(), &p, "", dst)
		b, _ := os.ReadFile(dst)
		return string(b), err
	}
	if got, err := fetched("usr/file"); err != nil || got != "good" {
		t.Errorf("%q, %v", got, err)
	}
	for _, member := range []string{"usr/link", "../secret", "usr/absent"} {
		if got, err := fetched(member); err == nil || got != "" {
			t.Errorf("%s gave %q", member, got)
		}
	}
}

type packed []byte

func (packed) String() string { return "packed" }
func (b packed) fetch(_ context.Context, _ *packages, _, dst string) error {
	return os.WriteFile(dst, b, 0o600)
}

func TestGunzip(t *testing.T) {
	home(t)
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	_, err := gz.Write([]byte(content))
	must(t, err)
	must(t, gz.Close())
	f := File{Name: "raw", SHA256: sum(content), From: []Origin{
		Gunzip{packed("no gzip")}, Gunzip{packed(b.Bytes()[:b.Len()-9])}, Gunzip{packed(b.Bytes())},
	}}
	path, err := f.Ensure(context.Background(), nil)
	must(t, err)
	if got, _ := os.ReadFile(path); string(got) != content {
		t.Errorf("got %q", got)
	}
	f = File{Name: "bad", SHA256: sum(content), From: f.From[:2]}
	_, err = f.Ensure(context.Background(), nil)
	for _, want := range []string{"packed: not a gzip file", "packed: unexpected EOF"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestWriteAtMost(t *testing.T) {
	dst := filepath.Join(t.TempDir(), "f")
	must(t, writeAtMost(dst, strings.NewReader("12345"), 5))
	if err := writeAtMost(dst, strings.NewReader("123456"), 5); err == nil || !strings.Contains(err.Error(), "larger than 5 bytes") {
		t.Errorf("error is %v", err)
	}
}

// Several members of one package cost one call of its client; a package that cannot be had, one attempt.
func TestOneDownloadForSeveralMembers(t *testing.T) {
	home(t)
	bin := t.TempDir()
	zipOf(t, filepath.Join(bin, "made.whl"))
	script := "#!/bin/sh\necho called >> " + bin + "/calls\ncp " + bin + "/made.whl .\n"
	must(t, os.WriteFile(filepath.Join(bin, "python3"), []byte(script), 0o700))
	fails := "#!/bin/sh\necho called >> " + bin + "/calls\necho no such thing >&2\nexit 7\n"
	must(t, os.WriteFile(filepath.Join(bin, "npm"), []byte(fails), 0o700))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	calls := func() int {
		b, _ := os.ReadFile(filepath.Join(bin, "calls"))
		_ = os.Remove(filepath.Join(bin, "calls"))
		return strings.Count(string(b), "called")
	}
	var files []File
	for _, m := range []string{"good-1.2/data.bin", "good-1.2/other.bin"} {
		files = append(files, File{Name: m, SHA256: sum(m), From: []Origin{Npm{"none", "1", m}, Wheel{"made", "1.2", m}}})
	}
	paths, err := EnsureAll(context.Background(), nil, files...)
	must(t, err)
	for i, p := range paths {
		if p != files[i].Path() || files[i].Verify() != nil {
			t.Errorf("file %d at %s: %v", i, p, files[i].Verify())
		}
	}
	if n := calls(); n != 2 {
		t.Errorf("the clients were called %d times for two members, want npm once and pip once", n)
	}
	if got := leftovers(t, paths...); got != nil {
		t.Errorf("left over: %v", got)
	}
	_, err = EnsureAll(context.Background(), nil, File{Name: "x", SHA256: sum("x"), From: []Origin{Npm{"none", "1", "x"}}})
	if err == nil || !strings.Contains(err.Error(), "npm package none@1: npm: exit status 7: no such thing") {
		t.Errorf("error is %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	_, err = EnsureAll(context.Background(), nil, File{Name: "x", SHA256: sum("x"), From: []Origin{
		Npm{"none", "1", "x"}, Wheel{"none", "1", "x"}, Deb{"none", "x"}, GoModule{"example.com/none", "v1.0.0", "x"},
	}})
	for _, want := range []string{
		"npm is not installed", "python3 is not installed", "apt-get is not installed", "go mod download: exec",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if !errors.As(err, new(*notFetched)) {
		t.Errorf("error is a %T", err)
	}
}
