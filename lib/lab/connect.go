package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// patience is how long an engine may take to greet, and a new one to listen.
const patience = 30 * time.Second

// errNobody says that no engine listens, or that it was just about to end.
var errNobody = errors.New("no engine is running")

// connect returns a connection to the session's engine, which has greeted. It starts an engine if there is none.
func (r Remote) connect(ctx context.Context) (*net.UnixConn, error) {
	command, err := r.command()
	if err != nil {
		return nil, err
	}
	place, err := PlaceOf(Session())
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(patience); ; {
		c, g, err := Dial(place)
		switch {
		case err == nil && g.Build != BuildOf(command):
			_ = c.Close()
			return nil, fmt.Errorf("the engine of this session (process %d) is another darkroom than %s, as when darkroom has been updated since: %s",
				g.PID, command, howToRestart(place.Session))
		case err == nil:
			return c, nil
		case !errors.Is(err, errNobody):
			return nil, err
		case time.Now().After(end):
			return nil, fmt.Errorf("the engine of the session %s does not come up; its log is %s", place.Session, place.Log())
		}
		if err := start(ctx, command, place); err != nil {
			return nil, err
		}
	}
}

func howToRestart(session string) string {
	return fmt.Sprintf("end it with `darkroom engine --stop %s`, which keeps what has been trained, and ask again", session)
}

// Dial connects to the engine at a place and reads its greeting. It starts none.
func Dial(place Place) (*net.UnixConn, Greeting, error) {
	var g Greeting
	raw, err := net.Dial("unix", place.Socket())
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, g, errNobody
	} else if err != nil {
		return nil, g, fmt.Errorf("the engine of the session %s cannot be reached: %w", place.Session, err)
	}
	c := raw.(*net.UnixConn)
	if err = CheckPeer(c, os.Getuid()); err != nil {
		err = fmt.Errorf("the engine at %s is not trusted: %w", place.Socket(), err)
	} else {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		g, err = readGreeting(c)
		_ = c.SetReadDeadline(time.Time{})
	}
	switch {
	case err == nil && g.Protocol != Protocol:
		err = fmt.Errorf("the engine of this session (process %d) speaks version %d of darkroom's protocol and this program version %d: %s",
			g.PID, g.Protocol, Protocol, howToRestart(place.Session))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		err = errNobody
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("the engine of the session %s does not answer; %s", place.Session, howToRestart(place.Session))
	case errors.Is(err, errNoEngine):
		err = fmt.Errorf("%s: %w", place.Socket(), err)
	}
	if err != nil {
		_ = c.Close()
		return nil, g, err
	}
	return c, g, nil
}

// start starts an engine in a session of processes of its own, and returns when it listens, or when it has ended because another one does.
func start(ctx context.Context, command string, place Place) error {
	log, err := os.OpenFile(place.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("the engine's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(command, "engine", "--listen", place.Session)
	cmd.Dir, cmd.Stderr = "/", log
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { // those of this cell, or of this program
		name, _, _ := strings.Cut(kv, "=")
		return strings.HasPrefix(name, "GONB_") || name == "TMPDIR" || name == "DARKROOM_RUNS" || name == "DARKROOM_RESULT"
	})
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what ends this program or its kernel does not end the engine
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", command, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for deadline := time.After(patience); ; {
		select {
		case err := <-ended:
			if err == nil {
				return nil // another one was there
			}
			said, _ := os.ReadFile(place.Log())
			lines := strings.Split(strings.TrimSpace(string(said)), "\n")
			return fmt.Errorf("%s engine did not start: %w\n%s", command, err, strings.Join(lines[max(0, len(lines)-8):], "\n"))
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline:
			return nil
		case <-time.After(2 * time.Millisecond):
			if c, _, err := Dial(place); !errors.Is(err, errNobody) {
				if c != nil {
					_ = c.Close()
				}
				return nil
			}
		}
	}
}
