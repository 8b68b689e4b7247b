//go:build !(linux && amd64 && cgo)

package onednn

import "runtime"

func unsupported() string {
	return "oneDNN is used on linux/amd64 in builds with cgo only, and this is " + runtime.GOOS + "/" + runtime.GOARCH
}

func start(string, string, int) (Status, string) { return Status{}, unsupported() }

func fallbacks() int64 { return 0 }

// TuneMemory does nothing on this platform.
func TuneMemory() {}
