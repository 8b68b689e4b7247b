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

// short keeps an error's own message: those of GoMLX print a stack with %+v, and XLA's go on for pages.
func short(err error) error {
	var kept UsageError
	if errors.As(err, &kept) {
		return err
	}
	s := err.Error()
	if lines := strings.SplitN(s, "\n", 9); len(lines) == 9 {
		s = strings.Join(lines[:8], "\n") + "\n…"
	} else {
		return err
	}
	return errors.New(s)
}
