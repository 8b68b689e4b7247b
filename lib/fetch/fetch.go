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
	fetch(ctx context.Context, tmp, dst string) error
	String() string
}

// Say tells a person what is being done, one short line at a time. A nil Say is silent.
type Say func(line string)

func (s Say) say(format string, args ...any) {
	if s != nil {
		s(fmt.Sprintf(format, args...))
	}
}

// ErrHash is wrapped by the error for a file whose content is not what was pinned.
var ErrHash = errors.New("SHA-256 differs from the pinned one")

// Path is where the file lies once it has been fetched.
func (f File) Path() string { return filepath.Join(CacheDir(), filepath.FromSlash(f.Name)) }

// Have says whether the file is there. It does not read it: Ensure renames a file into place only when its hash is right.
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

// Ensure returns the file's path, fetching it first if it is not there. It is safe across goroutines and processes. The error
// names every origin that was tried and why each failed.
func (f File) Ensure(ctx context.Context, say Say) (string, error) {
	path := f.Path()
	if f.Have() {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("cannot make the folder for %s: %w (set DARKROOM_HOME to a folder that can be written)", f.Name, err)
	}
	lock := flock.New(path + ".lock")
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("cannot lock %s: %w", path, err)
	}
	defer func() { _ = lock.Unlock(); _ = os.Remove(path + ".lock") }()
	if f.Have() { // another process was faster
		return path, nil
	}
	var tried []string
	for _, o := range f.From {
		say.say("fetching %s from %s", filepath.Base(f.Name), o)
		err := f.from(ctx, o, path)
		if err == nil {
			return path, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		tried = append(tried, fmt.Sprintf("%s: %v", o, err))
		if errors.Is(err, ErrHash) {
			say.say("%s: %v", o, err)
		}
	}
	return "", fmt.Errorf("cannot get %s:\n  %s\nCheck the network and the registries that pip, go, npm and apt use, or put the file at %s yourself (SHA-256 %s)",
		filepath.Base(f.Name), strings.Join(tried, "\n  "), path, f.SHA256)
}

func (f File) from(ctx context.Context, o Origin, path string) error {
	tmp, err := os.MkdirTemp(filepath.Dir(path), ".fetch-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	dst := filepath.Join(tmp, "file")
	work := filepath.Join(tmp, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	if err := o.fetch(ctx, work, dst); err != nil {
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
