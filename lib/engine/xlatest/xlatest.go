package xlatest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"darkroom/lib/engine/onednn"
	"darkroom/lib/engine/plugin"
	"darkroom/lib/engine/programs"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/go-xla/compute/xla" // the backend "xla"
)

// Backend returns the backend, the same one for all tests of a process. It installs the plugin if there is none.
func Backend(tb testing.TB) compute.Backend {
	tb.Helper()
	b, err := Open()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// Open is Backend for examples, which have no testing.TB.
var Open = sync.OnceValues(func() (compute.Backend, error) {
	say := func(line string) { fmt.Fprintln(os.Stderr, line) }
	p, err := plugin.Ensure(context.Background(), say)
	if err != nil {
		return nil, err
	}
	if p.Path != "" {
		programs.Enable(p.Path, p.SHA256)
		if s := onednn.Enable(p.Path, say); s.Err != nil {
			return nil, s.Err
		}
	}
	return p.Open()
})
