package kernel

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// childAttributes end the child when this process is killed.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }

// lockThread keeps the thread that a child's life is tied to.
func lockThread() (unlock func()) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}

// leadGroup makes this process the leader of a process group, as Jupyter does for its kernels anyway. Everything that the kernel
// starts is in that group, so that killing the group leaves nothing; orphans become children of this process.
func leadGroup() {
	if syscall.Getpgrp() != os.Getpid() {
		_ = syscall.Setpgid(0, 0)
	}
	const prSetChildSubreaper = 36
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0)
}

// endGroup ends this process's children and the other processes of its group: SIGTERM, and SIGKILL for those still there
// after grace.
func endGroup(grace time.Duration) {
	signalGroup(syscall.SIGTERM)
	for end := time.Now().Add(grace); time.Now().Before(end) && len(group()) > 0; {
		reap()
		time.Sleep(20 * time.Millisecond)
	}
	signalGroup(syscall.SIGKILL)
	reap()
}

// killGroup ends at once what a process of this group has left behind.
func killGroup() {
	for _, pid := range group() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		_, _ = syscall.Wait4(pid, nil, 0, nil) // orphans are this process's to collect
	}
}

// reap collects children that have ended.
func reap() {
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}

func signalGroup(s syscall.Signal) {
	for _, pid := range group() {
		_ = syscall.Kill(pid, s)
	}
}

// group lists this process's living children and the processes of its group, without itself and without the session's engine, which
// outlives kernels.
func group() []int {
	self := os.Getpid()
	if self != syscall.Getpgrp() {
		return nil // not ours to end
	}
	own := strconv.Itoa(self)
	var out []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid pgrp …; the name may hold anything
		f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if len(f) > 2 && string(f[0]) != "Z" && (string(f[1]) == own || string(f[2]) == own) && pid != self && !isEngine(pid) {
			out = append(out, pid)
		}
	}
	return out
}

// isEngine reports whether a process is an engine of lab's, which leads a session of processes of its own.
func isEngine(pid int) bool {
	sid, _, errno := syscall.RawSyscall(syscall.SYS_GETSID, uintptr(pid), 0, 0)
	if errno != 0 || int(sid) != pid {
		return false
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	args := strings.Split(string(b), "\x00")
	return err == nil && len(args) > 3 && args[1] == "engine" && args[2] == "--listen"
}

// childrenOf lists the living children of a process; known is false where the system does not say.
func childrenOf(pid int) (children []int, known bool) {
	parent := strconv.Itoa(pid)
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		if len(f) > 2 && string(f[0]) != "Z" && string(f[1]) == parent {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			children = append(children, child)
		}
	}
	return children, true
}

// compiles reports whether a process is the go command or goimports.
func compiles(pid int) bool {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	name := filepath.Base(exe)
	return err == nil && (name == "go" || name == "goimports")
}
