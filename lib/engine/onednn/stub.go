//go:build !(linux && amd64 && cgo)

package onednn

import (
	"runtime"
	"time"
)

func unsupported() string {
	return "oneDNN is used on linux/amd64 in builds with cgo only, and this is " + runtime.GOOS + "/" + runtime.GOARCH
}

func start(string, string, int) (Status, string) { return Status{}, unsupported() }

func handlerCounts() (fallbacks, calls int64, spent time.Duration) { return 0, 0, 0 }

func timeEach() (stop func() []Timing) { return func() []Timing { return nil } }

func peak() float64 { return 0 }

// TuneMemory does nothing on this platform.
func TuneMemory() {}
