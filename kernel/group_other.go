//go:build !linux

package kernel

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func lockThread() (unlock func()) { return func() {} }

func leadGroup() {
	if syscall.Getpgrp() != os.Getpid() {
		_ = syscall.Setpgid(0, 0)
	}
}

// endGroup asks the other processes of this process's group to end.
func endGroup(time.Duration) {
	if syscall.Getpgrp() == os.Getpid() {
		signal.Ignore(syscall.SIGTERM)
		_ = syscall.Kill(0, syscall.SIGTERM)
	}
}

// killGroup cannot tell what is left.
func killGroup() {}

// childrenOf does not know.
func childrenOf(int) (living, ended []int, known bool) { return nil, nil, false }

// holders cannot tell.
func holders(int) map[int]string { return nil }

// resident is unknown.
func resident(int) int { return 0 }

// killThoseIn cannot tell which they are.
func killThoseIn(string) {}

func compiles(int) bool { return false }
