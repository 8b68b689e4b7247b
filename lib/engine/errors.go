package engine

import (
	"errors"
	"strings"
)

// UsageError is an error of what was asked, not of carrying it out: an unknown name, a value out of range.
type UsageError struct{ Err error }

func (u UsageError) Error() string { return u.Err.Error() }

// Unwrap gives the error itself.
func (u UsageError) Unwrap() error { return u.Err }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return UsageError{err}
}

// short keeps what a person needs of an error: GoMLX puts the names of its own functions before a block's message, and XLA's go on
// for pages.
func short(err error) error {
	var kept UsageError
	if errors.As(err, &kept) {
		return err
	}
	s := err.Error()
	if i := strings.LastIndex(s, "panicked: "); i >= 0 {
		s = s[i+len("panicked: "):]
	}
	if lines := strings.SplitN(s, "\n", 9); len(lines) == 9 {
		s = strings.Join(lines[:8], "\n") + "\n…"
	}
	return shortened{s, err}
}

// shortened is an error with another text.
type shortened struct {
	text string
	err  error
}

func (s shortened) Error() string { return s.text }
func (s shortened) Unwrap() error { return s.err }
