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

// endGroup ends what descends from this process and the other processes of its group: SIGTERM, and SIGKILL for those still there
// after grace.
func endGroup(grace time.Duration) {
	signalGroup(syscall.SIGTERM)
	for end := time.Now().Add(grace); len(group()) > 0 && time.Now().Before(end); reap() {
		time.Sleep(20 * time.Millisecond)
	}
	for end := time.Now().Add(grace); len(group()) > 0 && time.Now().Before(end); reap() { // some may be born meanwhile
		signalGroup(syscall.SIGKILL)
		time.Sleep(5 * time.Millisecond)
	}
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

// process is one of the system's.
type process struct {
	pid, parent, group int
	ended              bool // and nobody has collected it
}

// processes lists those of the system.
func processes() (out []process) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid pgrp …; the name may hold anything
		f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		if len(f) < 3 {
			continue
		}
		p := process{ended: string(f[0]) == "Z"}
		p.pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(path)))
		p.parent, _ = strconv.Atoi(string(f[1]))
		p.group, _ = strconv.Atoi(string(f[2]))
		out = append(out, p)
	}
	return out
}

// group lists the living processes that descend from this one, which adopts orphans, and those of its group, without itself and without
// the session's engine, which outlives kernels.
func group() (out []int) {
	self := os.Getpid()
	if self != syscall.Getpgrp() {
		return nil // not ours to end
	}
	all := processes()
	ours := map[int]bool{self: true}
	for grown := true; grown; { // a child may be listed before its parent
		grown = false
		for _, p := range all {
			if !ours[p.pid] && (ours[p.parent] || p.group == self) && !p.ended && !isEngine(p.pid) {
				ours[p.pid], grown = true, true
				out = append(out, p.pid)
			}
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

// childrenOf lists the children of a process: those that live, and those that have ended and that it has not collected. known is false
// where the system does not say.
func childrenOf(pid int) (living, ended []int, known bool) {
	for _, p := range processes() {
		switch {
		case p.parent != pid:
		case p.ended:
			ended = append(ended, p.pid)
		default:
			living = append(living, p.pid)
		}
	}
	return living, ended, true
}

// holders lists the processes of the group that can write into a pipe which another one reads, each with its name.
func holders(reader int) map[int]string {
	pipes := func(pid int, mode os.FileMode) map[string]bool {
		found := map[string]bool{}
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid)) // of another user's there are none
		for _, link := range links {
			to, err := os.Readlink(link)
			if st, err2 := os.Lstat(link); err == nil && err2 == nil && strings.HasPrefix(to, "pipe:") && st.Mode()&mode != 0 {
				found[to] = true
			}
		}
		return found
	}
	read := pipes(reader, 0o400)
	out := map[int]string{}
	for _, pid := range group() {
		for pipe := range pipes(pid, 0o200) {
			if pid != reader && read[pipe] {
				name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
				out[pid] = strings.TrimSpace(string(name))
			}
		}
	}
	return out
}

// resident is how many bytes of memory a process has; 0 is unknown.
func resident(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	f := bytes.Fields(b)
	if err != nil || len(f) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(string(f[1]))
	return pages * os.Getpagesize()
}

// killThoseIn ends the processes whose folder of temporary files ($TMPDIR) is below dir.
func killThoseIn(dir string) {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environs {
		b, err := os.ReadFile(path) // another user's cannot be read
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && pid != os.Getpid() && bytes.Contains(append([]byte{0}, b...), []byte("\x00TMPDIR="+dir+"/")) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// compiles reports whether a process is the go command or goimports.
func compiles(pid int) bool {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	name := filepath.Base(exe)
	return err == nil && (name == "go" || name == "goimports")
}
