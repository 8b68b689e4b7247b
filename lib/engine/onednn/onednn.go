package onednn

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"darkroom/lib/fetch"
)

// Env is the environment variable that chooses who computes convolutions: "xla" (plain XLA), "onednn" (required: Status has an
// Err otherwise) or "auto", the default (oneDNN where it can be had).
const Env = "DARKROOM_KERNELS"

// Status says whether oneDNN computes the convolutions of this process, with what, or why not. It belongs into a run's
// environment record: with another library, CPU or number of threads the last bits of results may differ.
type Status struct {
	On      bool   `json:"on"`
	Reason  string `json:"reason,omitempty"`  // why it is off
	Err     error  `json:"-"`                 // set where DARKROOM_KERNELS asks for what cannot be had, or is not one of its values
	Library string `json:"library,omitempty"` // path of the file
	Version string `json:"version,omitempty"` // of oneDNN
	SHA256  string `json:"sha256,omitempty"`  // of the file
	CPU     string `json:"cpu,omitempty"`     // its name, and the instructions that oneDNN uses
	Threads int    `json:"threads,omitempty"` // that a batch is split over
}

// String is one line for a person.
func (s Status) String() string {
	if !s.On {
		return "convolutions by XLA: " + s.Reason
	}
	return fmt.Sprintf("convolutions by oneDNN %s on %s, %d threads", s.Version, s.CPU, s.Threads)
}

// Counts are the convolutions of the programs that were compiled, and of those the ones that were run, since Enable.
type Counts struct {
	Programs  int64         // that were looked at
	Seen      int64         // convolutions in them
	Taken     int64         // convolutions given to oneDNN
	Sums      int64         // sums over all but the last axis given to the handler of this package
	Codes     int64         // sparse codes and updates of dictionaries given to the handlers of this package
	Fallbacks int64         // programs that the plugin refused as rewritten and compiled as they were
	Calls     int64         // convolutions computed by oneDNN
	Time      time.Duration // that they took
}

// Left is the number of convolutions that stayed with XLA.
func (c Counts) Left() int64 { return c.Seen - c.Taken }

var (
	mu       sync.Mutex
	enabled  = map[string]Status{} // by plugin
	switched atomic.Bool           // true: the pass leaves programs alone
	counts   struct{ programs, seen, taken, sums, codes atomic.Int64 }
)

// Stats returns the counts so far.
func Stats() Counts {
	c := Counts{Programs: counts.programs.Load(), Seen: counts.seen.Load(), Taken: counts.taken.Load(), Sums: counts.sums.Load(), Codes: counts.codes.Load()}
	c.Fallbacks, c.Calls, c.Time = handlerCounts()
	return c
}

// Timing is how often one convolution was computed by oneDNN, and how long that took in all.
type Timing struct {
	Conv  Conv
	Calls int64
	Time  time.Duration
}

// TimeEach measures the convolutions one by one until stop is called, which returns them in the order in which they first came. One measurement
// at a time.
func TimeEach() (stop func() []Timing) { return timeEach() }

// Peak measures what the machine can do: the floating-point operations a second of oneDNN's own matrix product (768×768, float32) on all
// threads, the best of 20. It is 0 where oneDNN is off.
func Peak() float64 { return peak() }

// Pause makes programs compile with plain XLA until the function that it returns is called. It is for comparisons in one process;
// programs that are compiled already keep what they have.
func Pause() (resume func()) {
	switched.Store(true)
	return func() { switched.Store(false) }
}

// Enable hands the convolutions of every program that the PJRT plugin compiles from now on to oneDNN. Call it before the backend
// is made. It fetches the library if it is not there, and tunes memory allocation (TuneMemory). It never fails: without oneDNN plain
// XLA does the work, and Status says why. Calling it again for the same plugin returns the same Status.
func Enable(pluginPath string, say fetch.Say) Status {
	mu.Lock()
	defer mu.Unlock()
	if s, ok := enabled[pluginPath]; ok {
		return s
	}
	s := enable(pluginPath, say)
	enabled[pluginPath] = s
	return s
}

func enable(pluginPath string, say fetch.Say) Status {
	mode := os.Getenv(Env)
	switch mode {
	case "", "auto", "onednn":
	case "xla":
		TuneMemory()
		return Status{Reason: Env + "=xla"}
	default:
		err := fmt.Errorf("%s=%q is not known; use xla, onednn or auto", Env, mode)
		return Status{Reason: err.Error(), Err: err}
	}
	off := func(reason string) Status {
		s := Status{Reason: reason}
		if mode == "onednn" {
			s.Err = fmt.Errorf("%s=onednn asks for oneDNN, but %s; unset it to go on with plain XLA", Env, reason)
		}
		return s
	}
	TuneMemory()
	for path, s := range enabled {
		if s.On {
			return off("it is in use already for the plugin " + path)
		}
	}
	if reason := unsupported(); reason != "" {
		return off(reason)
	}
	library, err := Library.Ensure(context.Background(), say)
	if err != nil {
		return off(err.Error())
	}
	if err := Library.Verify(); err != nil {
		return off("the library file is not the right one: " + err.Error() + "; remove it and it is fetched again")
	}
	threads := runtime.GOMAXPROCS(0)
	s, reason := start(pluginPath, library, threads)
	if reason != "" {
		return off(reason)
	}
	s.On, s.Library, s.SHA256 = true, library, Library.SHA256
	return s
}
