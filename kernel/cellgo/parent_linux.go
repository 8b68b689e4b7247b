package main

import (
	"runtime"
	"syscall"
)

// dieWithParent asks Linux to end this process when the one that started it ends. The request outlives exec.
func dieWithParent() {
	runtime.LockOSThread() // the request is the thread's, and the thread that calls exec becomes the program
	const prSetPdeathsig = 1
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetPdeathsig, uintptr(syscall.SIGTERM), 0)
}
