package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom/lib/lab"
)

// TestMain makes this test binary an engine, which a client can start: "engine --listen SESSION".
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "engine" {
		place, err := lab.PlaceOf(os.Args[3])
		if err == nil {
			err = Listen(context.Background(), place, Options{Command: os.Args[0], Idle: 300 * time.Millisecond, Log: os.Stderr}, echo)
		}
		if err != nil && !errors.Is(err, lab.ErrRunning) {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// echo answers without an engine.
func echo(ctx context.Context, q lab.Request, send func(lab.Reply) error) error {
	switch q.Call {
	case "methods":
		return send(lab.Reply{Methods: []lab.MethodCard{{Name: "echo", Steps: os.Getpid()}}})
	case "sample":
		im := lab.NewImage(2, 2, 1)
		im.Pix[0] = float32(q.Draw.N)
		return send(lab.Reply{Images: []lab.Image{im}})
	case "run": // goes on until it is stopped
		if err := send(lab.Reply{Event: &lab.Event{Step: 1}}); err != nil {
			return err
		}
		<-ctx.Done()
		return fmt.Errorf("stopped: %w", context.Cause(ctx))
	case "resolve":
		q.Spec.Set["a"] = 1 // panics, as the request has none
		return nil
	}
	return fmt.Errorf("unknown call %q", q.Call)
}

// engine serves in this process until the test ends.
func engine(t *testing.T, o Options) lab.Place {
	t.Helper()
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv(lab.Engine, "test")
	t.Setenv(lab.Binary, os.Args[0])
	place, err := lab.PlaceOf("test")
	if err != nil {
		t.Fatal(err)
	}
	o.Command = os.Args[0]
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Listen(ctx, place, o, echo) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if c, _, err := lab.Dial(place); err == nil {
			_ = c.Close()
			return place
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func sample(n int) error {
	images, err := lab.Remote{}.Sample(context.Background(), "/run", lab.Draw{N: n})
	if err == nil && (len(images) != 1 || images[0].Pix[0] != float32(n)) {
		err = fmt.Errorf("asked for %d and got %v", n, images)
	}
	return err
}

func TestCalls(t *testing.T) {
	var log bytes.Buffer
	engine(t, Options{Log: &log})
	ctx, cancel := context.WithCancelCause(t.Context())
	began, ended := make(chan struct{}), make(chan error, 1)
	go func() { // a training
		_, err := lab.Remote{}.Run(ctx, lab.Spec{}, func(lab.Event) { close(began) })
		ended <- err
	}()
	<-began
	var wg sync.WaitGroup
	for n := range 20 { // beside it, draws
		wg.Go(func() {
			if err := sample(n + 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	// A panic is that call's error alone.
	if _, err := (lab.Remote{}).Resolve(t.Context(), lab.Spec{}); err == nil || !strings.Contains(err.Error(), "assignment to entry in nil map") {
		t.Errorf("a panic: %v", err)
	}
	if err := sample(3); err != nil {
		t.Error(err)
	}
	cancel(errors.New("enough"))
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "stopped: interrupted") {
		t.Errorf("a call that was interrupted: %v", err)
	}
	if !strings.Contains(log.String(), "serve_test.go") {
		t.Errorf("the log has no stack: %s", log.String())
	}
}

// TestJobs leaves work behind: those who come later see it from its beginning, and it ends when it is told to.
func TestJobs(t *testing.T) {
	jobs := new(Jobs)
	engine(t, Options{Jobs: jobs})
	step := make(chan int)
	job, err := jobs.Start("a", nil, func(ctx context.Context, tell func(lab.Reply)) error {
		for {
			select {
			case n := <-step:
				tell(lab.Reply{Event: &lab.Event{Step: n}})
			case <-ctx.Done():
				return fmt.Errorf("stopped: %w", context.Cause(ctx))
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	step <- 1
	step <- 2
	gone, leave := context.WithCancelCause(t.Context())
	var seen []int
	see := func(p lab.Reply) error {
		if seen = append(seen, p.Event.Step); p.Event.Step == 2 {
			leave(errGone)
		}
		return nil
	}
	if err := job.Follow(gone, see); !errors.Is(err, errGone) || fmt.Sprint(seen) != "[1 2]" {
		t.Errorf("saw %v, %v", seen, err)
	}
	if jobs.server.end() {
		t.Error("the engine would end in the middle of work")
	}
	if again, err := jobs.Start("a", nil, nil); err != nil || again != job {
		t.Errorf("the same work is begun twice: %v", err)
	}
	interrupted, interrupt := context.WithCancelCause(t.Context())
	interrupt(errCancel)
	if err := job.Follow(interrupted, func(lab.Reply) error { return nil }); err == nil || err.Error() != "stopped: interrupted" {
		t.Errorf("got %v", err)
	}
	<-job.over
	if again, err := jobs.Start("a", nil, func(context.Context, func(lab.Reply)) error { panic("boom") }); err != nil || again == job {
		t.Errorf("work that has ended is not begun anew: %v", err)
	} else if err := again.Follow(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("a panic in the background: %v", err)
	}
}

// TestMalformed sends what is no request, many times: each is answered with an error or by the end, and the engine lives on.
func TestMalformed(t *testing.T) {
	place := engine(t, Options{})
	var good bytes.Buffer
	if err := lab.SendRequest(&good, lab.Request{Protocol: lab.Protocol, Call: "nothing", Name: "x"}); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		b := bytes.Clone(good.Bytes())
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		b = b[:r.IntN(len(b)+1)]
		c, _, err := lab.Dial(place)
		if err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
		if _, err = c.Write(b); err == nil {
			err = c.CloseWrite()
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		p, err := lab.ReceiveReply(c)
		if !errors.Is(err, io.EOF) && (err != nil || p.Error == "") {
			t.Errorf("%q was answered with %+v, %v", b, p, err)
		}
		_ = c.Close()
	}
	if err := sample(5); err != nil {
		t.Error(err)
	}
}

func TestVersions(t *testing.T) {
	place := engine(t, Options{})
	c, _, err := lab.Dial(place)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := lab.SendRequest(c, lab.Request{Protocol: lab.Protocol + 1, Call: "sample"}); err != nil {
		t.Fatal(err)
	}
	if p, err := lab.ReceiveReply(c); err != nil || !strings.Contains(p.Error, "engine --stop") {
		t.Errorf("a request of another version: %+v, %v", p, err)
	}

	other := filepath.Join(t.TempDir(), "darkroom")
	if err := os.WriteFile(other, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(lab.Binary, other)
	if err := sample(1); err == nil || !strings.Contains(err.Error(), "is another darkroom than "+other) || !strings.Contains(err.Error(), "darkroom engine --stop test") {
		t.Errorf("another darkroom: %v", err)
	}

	for greeting, want := range map[string]string{
		"darkroom engine protocol 99 process 7 build x\n": "(process 7) speaks version 99 of darkroom's protocol and this program version 1: end it with `darkroom engine --stop fake`",
		"SSH-2.0-OpenSSH_9.2\n":                           "what listens there is no engine of darkroom's",
		strings.Repeat("x", 1000):                         "what listens there is no engine of darkroom's",
	} {
		t.Setenv(lab.Engine, "fake")
		fake, err := lab.PlaceOf("fake")
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", fake.Socket())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if c, err := l.Accept(); err == nil {
				_, _ = io.WriteString(c, greeting)
				_ = c.Close()
			}
		}()
		if err := sample(1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("greeted by %.60q: %v", greeting, err)
		}
		_ = l.Close()
	}
}

// TestStart has many programs ask at once when there is no engine: one is started, and it ends when nobody asks any more.
func TestStart(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv(lab.Engine, "started")
	t.Setenv(lab.Binary, os.Args[0])
	for round := range 2 {
		var mu sync.Mutex
		seen := map[int]bool{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for _, card := range (lab.Remote{Say: func(line string) { t.Error(line) }}).Methods() {
					mu.Lock()
					seen[card.Steps] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(seen) != 1 {
			t.Errorf("round %d: %d engines have answered", round, len(seen))
		}
		for end := time.Now().Add(10 * time.Second); len(lab.Engines()) > 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the engine does not end")
			}
		}
	}
}

// TestRest has an engine rest after a call, and not while another goes on.
func TestRest(t *testing.T) {
	rested := make(chan struct{}, 1)
	engine(t, Options{Pause: time.Millisecond, Rest: func() { rested <- struct{}{} }})
	<-rested
	ctx, cancel := context.WithCancel(t.Context())
	began, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = lab.Remote{}.Run(ctx, lab.Spec{}, func(lab.Event) { close(began) }) // until it is interrupted
	}()
	<-began
	time.Sleep(10 * time.Millisecond)
	for len(rested) > 0 { // a rest before the call
		<-rested
	}
	if err := sample(1); err != nil {
		t.Error(err)
	}
	select {
	case <-rested:
		t.Error("it rests while it trains")
	case <-time.After(20 * time.Millisecond):
	}
	cancel()
	<-ended
	<-rested
}

func TestOwner(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	place, err := lab.PlaceOf("owned")
	if err != nil {
		t.Fatal(err)
	}
	gone := 1 << 30 // beyond what the system counts to
	if err := Listen(t.Context(), place, Options{Command: os.Args[0], Owner: gone}, echo); err != nil {
		t.Error(err)
	}
}
