package lab

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/gofrs/flock"
)

// Engine is the environment variable that names the session whose engine a program works with; the kernel sets it for cells, each notebook
// having its own. Programs with the same name share an engine. Without it the name is DefaultSession.
const Engine = "DARKROOM_ENGINE"

// DefaultSession is the session of programs outside of notebooks.
const DefaultSession = "default"

// Session is the name of this program's session.
func Session() string {
	if s := os.Getenv(Engine); s != "" {
		return s
	}
	return DefaultSession
}

// Place is where a session's engine is found: files beside each other in a folder that only the user can enter.
type Place struct {
	Session string
	base    string
}

// Socket is the Unix socket that the engine listens on.
func (p Place) Socket() string { return p.base + ".sock" }

// Log is where the engine's stderr goes.
func (p Place) Log() string { return p.base + ".log" }

// lock is held by the engine while it lives; the file tells who it is (Running).
func (p Place) lock() string { return p.base + ".lock" }

// longestSocket is how many bytes the path of a Unix socket may have: 108 with the closing zero on Linux, 104 on others.
const longestSocket = 103

var sessionName = regexp.MustCompile(`^[\pL\pN][\pL\pN._-]*$`) // a {0,99} here costs each cell 5 ms

// PlaceOf makes the folder of engines, if need be, and returns where a session's is: in $XDG_RUNTIME_DIR or,
// without one, below /tmp. Where that would be too long a path for the system, it is below /tmp, or the name is a hash of it. The error says what is wrong with the name or the folder.
func PlaceOf(session string) (Place, error) {
	if !sessionName.MatchString(session) || utf8.RuneCountInString(session) > 100 {
		return Place{}, fmt.Errorf("%s=%q is no name of a session: use at most 100 letters, digits, hyphens, underscores and points", Engine, session)
	}
	var err error
	for _, folder := range folders() {
		for _, name := range []string{session, hashed(session)} {
			if p := (Place{session, filepath.Join(folder, name)}); len(p.Socket()) <= longestSocket {
				if err = private(folder); err == nil {
					return p, nil
				}
			}
		}
	}
	return Place{}, err
}

// folders are those that engines are in, the best first.
func folders() []string {
	tmp := fmt.Sprintf("/tmp/darkroom-%d", os.Getuid()) // not $TMPDIR: the kernel changes it for cells
	dir := os.Getenv("XDG_RUNTIME_DIR")
	switch {
	case !filepath.IsAbs(dir) || !owned(dir):
		return []string{tmp}
	case len(dir) > longestSocket-40:
		return []string{filepath.Join(dir, "darkroom"), filepath.Join(tmp, hashed(dir))}
	}
	return []string{filepath.Join(dir, "darkroom")}
}

func hashed(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s)))[:16] }

func owned(dir string) bool {
	st, err := os.Lstat(dir)
	if err != nil || !st.IsDir() {
		return false
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && int(sys.Uid) == os.Getuid()
}

// private makes a folder that only this user can enter, or sees to it that it is one.
func private(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("the folder of engines cannot be made: %w; set XDG_RUNTIME_DIR to a folder of your own", err)
	}
	if !owned(folder) {
		return fmt.Errorf("the folder of engines, %s, belongs to another user; set XDG_RUNTIME_DIR to a folder of your own", folder)
	}
	return os.Chmod(folder, 0o700)
}

// Running says which engine is at work.
type Running struct {
	Session string `json:"session"`
	PID     int    `json:"pid"`
	Command string `json:"command"` // the darkroom that it is
}

// Held is a session that this process is the engine of.
type Held struct{ lock *flock.Flock }

// ErrRunning is wrapped by the error for a session that has an engine already.
var ErrRunning = errors.New("this session has an engine already")

// Hold makes this process the engine of the session, and calls listen, before which there is no socket. Other processes that would be it
// get ErrRunning. What engines that were killed have left in the folder is removed.
func (p Place) Hold(r Running, listen func() error) (*Held, error) {
	h := &Held{flock.New(p.lock())}
	return h, alone(filepath.Dir(p.base), func() error {
		if ok, err := h.lock.TryLock(); err != nil {
			return err
		} else if !ok {
			return fmt.Errorf("%w: %s", ErrRunning, p.Session)
		}
		sweep(filepath.Dir(p.base), p.base)
		b, err := json.Marshal(r)
		if err == nil {
			err = os.WriteFile(p.lock(), b, 0o600)
		}
		if err == nil {
			_ = os.Remove(p.Socket()) // of an engine that was killed
			err = listen()
		}
		if err != nil {
			_ = h.lock.Unlock()
		}
		return err
	})
}

// Release says that the engine has ended, and removes its files.
func (p Place) Release(h *Held) error {
	return alone(filepath.Dir(p.base), func() error {
		p.remove()
		return h.lock.Unlock()
	})
}

// alone keeps the other engines of the folder from beginning or ending meanwhile: nobody locks a file that somebody else removes.
func alone(folder string, do func() error) error {
	all := flock.New(filepath.Join(folder, "lock"))
	if err := all.Lock(); err != nil {
		return fmt.Errorf("the folder of engines cannot be locked: %w", err)
	}
	defer func() { _ = all.Unlock() }()
	return do()
}

func (p Place) remove() {
	for _, f := range []string{p.Socket(), p.Log(), p.lock()} {
		_ = os.Remove(f) // it may not be there
	}
}

// sweep removes the files of engines that are no more, but for those at the base except.
func sweep(folder, except string) {
	for _, r := range inFolder(folder) {
		if r.place.base != except && !r.alive {
			r.place.remove()
		}
	}
}

type found struct {
	Running
	place Place
	alive bool
}

func inFolder(folder string) (out []found) {
	locks, _ := filepath.Glob(filepath.Join(folder, "*.lock"))
	for _, path := range locks {
		f := found{place: Place{base: strings.TrimSuffix(path, ".lock")}}
		if b, err := os.ReadFile(path); err == nil {
			_ = json.Unmarshal(b, &f.Running) // one that is being written has no name yet
		}
		f.place.Session = f.Session
		l := flock.New(path)
		ok, err := l.TryRLock()
		f.alive = err == nil && !ok
		if ok {
			_ = l.Unlock()
		}
		out = append(out, f)
	}
	return out
}

// Engines lists the engines of this user that are at work.
func Engines() (out []Running) {
	for _, folder := range folders() {
		_ = alone(folder, func() error { // without the folder there are none
			for _, f := range inFolder(folder) {
				if f.alive && f.PID > 0 {
					out = append(out, f.Running)
				}
			}
			return nil
		})
	}
	return out
}

// BuildOf identifies a darkroom command: two that are not the same file give different words, except by a copy that keeps size and time.
func BuildOf(path string) string {
	st, err := os.Stat(path)
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%x-%x", st.Size(), st.ModTime().UnixNano())
}
