package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// File is one pinned file and the places it can be had from, tried in order.
type File struct {
	Name   string   // path below the cache folder, such as "data/mnist/train-images-idx3-ubyte.gz"
	SHA256 string   // of the file itself, in hex
	From   []Origin // where to get it
}

// Origin is a place to get a file from.
type Origin interface {
	// fetch writes the file to dst; tmp is an empty folder that is removed afterwards.
	fetch(ctx context.Context, p *packages, tmp, dst string) error
	String() string
}

// Say tells a person what is being done, one short line at a time. A nil Say is silent.
type Say func(line string)

// Line says one line.
func (s Say) Line(line string) {
	if s != nil {
		s(line)
	}
}

func (s Say) say(format string, args ...any) {
	if s != nil {
		s(fmt.Sprintf(format, args...))
	}
}

// ErrHash is wrapped by the error for a file whose content is not what was pinned.
var ErrHash = errors.New("SHA-256 differs from the pinned one")

// Path is where the file lies once it has been fetched.
func (f File) Path() string { return filepath.Join(CacheDir(), filepath.FromSlash(f.Name)) }

// Have says whether the file is there. It does not read it: Ensure renames a file into place only when its hash is
// right.
func (f File) Have() bool {
	st, err := os.Stat(f.Path())
	return err == nil && st.Mode().IsRegular() && st.Size() > 0
}

// Verify reads the file and returns an error that wraps ErrHash if its content is not what was pinned.
func (f File) Verify() error {
	got, err := Sum(f.Path())
	if err != nil {
		return err
	}
	if got != f.SHA256 {
		return fmt.Errorf("%s: %w (want %s, got %s)", f.Path(), ErrHash, f.SHA256, got)
	}
	return nil
}

// Ensure returns the file's path, fetching it first if it is not there. It is safe across goroutines and processes: one
// fetches, the others wait. The error names every origin that was tried and why each failed.
func (f File) Ensure(ctx context.Context, say Say) (string, error) {
	paths, err := EnsureAll(ctx, say, f)
	if err != nil {
		return "", err
	}
	return paths[0], nil
}

// EnsureAll is Ensure for several files, whose paths it returns in their order. A package that holds several of them is
// downloaded once.
func EnsureAll(ctx context.Context, say Say, files ...File) ([]string, error) {
	var p packages
	defer p.remove()
	paths := make([]string, len(files))
	for i, f := range files {
		var err error
		if paths[i], err = f.ensure(ctx, &p, say); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

func (f File) ensure(ctx context.Context, p *packages, say Say) (string, error) {
	path := f.Path()
	if f.Have() {
		return path, nil
	}
	unlock, err := f.lock(ctx, say)
	if err != nil {
		return "", err
	}
	defer unlock()
	if f.Have() { // another process was faster
		return path, nil
	}
	var tried []error
	for _, o := range f.From {
		say.say("fetching %s from %s", filepath.Base(f.Name), o)
		err := f.from(ctx, p, o, path)
		if err == nil {
			return path, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		tried = append(tried, fmt.Errorf("%s: %w", o, err))
		if errors.Is(err, ErrHash) {
			say.say("%s: %v", o, err)
		}
	}
	return "", &notFetched{file: f, tried: tried}
}

// notFetched is the error for a file that no origin gave. It wraps the errors of all of them.
type notFetched struct {
	file  File
	tried []error // "ORIGIN: why"
}

func (e *notFetched) Unwrap() []error { return e.tried }

func (e *notFetched) Error() string {
	remedy := "Check the network and the registries that pip, go, npm and apt use"
	if Offline() {
		remedy = "Unset DARKROOM_OFFLINE"
	}
	var tried strings.Builder
	for _, err := range e.tried {
		_, _ = fmt.Fprintf(&tried, "\n  %v", err)
	}
	return fmt.Sprintf("cannot get %s:%s\n%s, or put the file at %s yourself (SHA-256 %s)",
		filepath.Base(e.file.Name), tried.String(), remedy, e.file.Path(), e.file.SHA256)
}

// lock holds the file against other processes until unlock is called. Lock files stay: removing one while others wait
// on it would let two hold it.
func (f File) lock(ctx context.Context, say Say) (unlock func(), err error) {
	locks := filepath.Join(CacheDir(), ".locks")
	for _, dir := range []string{filepath.Dir(f.Path()), locks} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("cannot make the folder for %s: %w (set DARKROOM_HOME to a folder that can be written)",
				f.Name, err)
		}
	}
	lock := flock.New(filepath.Join(locks, strings.ReplaceAll(f.Name, "/", "_")))
	held, err := lock.TryLock()
	if err == nil && !held {
		say.say("waiting for another process that fetches %s", filepath.Base(f.Name))
		_, err = lock.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", f.Path(), err)
	}
	return func() { _ = lock.Unlock() }, nil
}

// from fetches the file from one origin beside its place, checks it, and renames it into place. It is called with the
// lock held, so that what a killed process left of this file can go.
func (f File) from(ctx context.Context, p *packages, o Origin, path string) error {
	tmp := filepath.Join(filepath.Dir(path), ".fetch-"+filepath.Base(path))
	work := filepath.Join(tmp, "work")
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	dst := filepath.Join(tmp, "file")
	if err := o.fetch(ctx, p, work, dst); err != nil {
		return err
	}
	got, err := Sum(dst)
	if err != nil {
		return err
	}
	if got != f.SHA256 {
		return fmt.Errorf("%w: want %s, got %s; the file was thrown away", ErrHash, f.SHA256, got)
	}
	return os.Rename(dst, path)
}

// Sum returns the SHA-256 of a file in hex.
func Sum(path string) (string, error) {
	r, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
