package engine

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"darkroom/lib/engine/onednn"
	"darkroom/lib/engine/plugin"
	"darkroom/lib/engine/programs"
	"darkroom/lib/fetch"
	"darkroom/lib/lab"
	"darkroom/lib/methods"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/go-xla/compute/xla" // the backend "xla"
	"k8s.io/klog/v2"
)

// Options configure an engine. The zero value is what a person wants.
type Options struct {
	Say        fetch.Say     // told of downloads, waits and what was passed over; nil is silent
	Checkpoint time.Duration // time between checkpoints; 0 means 20 s
	Strict     bool          // refuse a folder with a bad picture rather than skip it
	Force      bool          // go on with a run that began on other kernels, another plugin or another processor
	Folder     string        // what relative paths in tasks are below; empty means the working folder
}

// Engine is a lab.Lab that works in this process. Make it with New.
type Engine struct {
	options Options
	*opened
}

// opened is what an engine holds on to, and those that With makes of it.
type opened struct {
	mu      sync.Mutex // guards what follows
	backend compute.Backend
	plugin  plugin.Plugin
	kernels onednn.Status
	atHand  []*warm // the one asked for last at the end
}

var _ lab.Lab = (*Engine)(nil)

// New returns an engine. The backend is opened when it is first needed.
func New(o Options) *Engine { return (&Engine{opened: new(opened)}).With(o) }

// With returns an engine with other options and the same backend.
func (e *Engine) With(o Options) *Engine {
	if o.Checkpoint == 0 {
		o.Checkpoint = 20 * time.Second
	}
	return &Engine{o, e.opened}
}

// Methods implements lab.Lab.
func (e *Engine) Methods() []lab.MethodCard {
	var cards []lab.MethodCard
	for _, entry := range methods.Catalogue() {
		cards = append(cards, entry.Card())
	}
	return cards
}

// Backend opens the XLA backend, installing the plugin if it is not there.
func (e *Engine) Backend(ctx context.Context) (compute.Backend, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.backend != nil {
		return e.backend, nil
	}
	klog.LogToStderr(false) // what it says is repeated in errors
	klog.SetOutput(discard{})
	p, err := plugin.Ensure(ctx, e.options.Say)
	if err != nil {
		return nil, err
	}
	kernels := onednn.Status{Reason: "the platform is not the CPU"}
	if p.Path != "" {
		programs.Enable(p.Path, p.SHA256)
		kernels = onednn.Enable(p.Path, e.options.Say)
		if kernels.Err != nil {
			return nil, kernels.Err
		}
	}
	b, err := p.Open()
	if err != nil {
		return nil, fmt.Errorf("the XLA plugin (%s) could not be opened: %w", p.Config, short(err))
	}
	e.backend, e.plugin, e.kernels = b, p, kernels
	return b, nil
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// Environment says what runs are carried out on and with: versions, processor, plugin.
func (e *Engine) Environment() map[string]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	env := versions()
	env["threads"] = fmt.Sprint(runtime.GOMAXPROCS(0))
	if e.backend != nil {
		env["plugin"] = e.plugin.From
		path, sum := e.plugin.Library()
		env["plugin-sha256"] = sum
		if e.plugin.Path == "" { // GoMLX found it
			env["plugin"], env["device"] = path, e.backend.DeviceDescription(0)
		}
		env["kernels"] = e.kernels.String()
	}
	return env
}

// guard runs graph building or execution and turns a panic into an error: it is the only place that does.
func guard(what string, do func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			panic(r) // a mistake in Go code, not in a graph: keep its stack
		case error:
			err = in(what, short(r))
		default:
			err = fmt.Errorf("%s: %v", what, r)
		}
	}()
	if err := do(); err != nil {
		return in(what, short(err))
	}
	return nil
}

// in names what an error happened in, unless it says so itself.
func in(what string, err error) error {
	if strings.HasPrefix(err.Error(), what+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
