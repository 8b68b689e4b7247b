package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"darkroom/lib/lab"
)

// Answer carries out a request and sends what there is to say; it need not send Done. ctx ends when the client has gone, when it has changed
// its mind, and when the engine is told to end. An error from send says that the client has gone.
type Answer func(ctx context.Context, q lab.Request, send func(lab.Reply) error) error

// Options of Listen.
type Options struct {
	Command string        // the darkroom that this is, by its path
	Build   string        // of the command, from before this process was started; empty asks for it now
	Idle    time.Duration // end after so long without a request; 0 means IdleTime
	Rest    func()        // called when there has been nothing to do for as long as Pause; nil means nothing
	Pause   time.Duration // 0 means two seconds
	Owner   int           // end when this process has ended; 0 means none
	Log     io.Writer     // told of mistakes of the engine's own
	Jobs    *Jobs         // where answers leave work that outlives them; nil means nowhere
}

// IdleTime is how long an engine waits for the next request.
const IdleTime = 30 * time.Minute

// Why an engine ends, as causes of contexts.
var (
	errIdle   = errors.New("nobody has asked for anything for a while")
	errOwner  = errors.New("the program that this engine was for has ended")
	errGone   = errors.New("the cell has ended")
	errCancel = errors.New("interrupted")
)

type server struct {
	options Options
	answer  Answer

	mu     sync.Mutex // over what follows
	active int        // connections and jobs
	ending bool
	timer  *time.Timer // for the end
	rest   *time.Timer
	calls  sync.WaitGroup
}

// Listen is the engine of a session until ctx ends, or it is idle, or its owner has gone; then it returns nil, when what was going on has
// ended too. The error wraps lab.ErrRunning if the session has an engine.
func Listen(ctx context.Context, place lab.Place, o Options, answer Answer) error {
	if o.Idle == 0 {
		o.Idle = IdleTime
	}
	if o.Pause == 0 {
		o.Pause = 2 * time.Second
	}
	if o.Build == "" {
		o.Build = lab.BuildOf(o.Command)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &server{options: o, answer: answer}
	if o.Jobs == nil {
		o.Jobs = new(Jobs)
	}
	o.Jobs.open(ctx, s)
	var l *net.UnixListener
	held, err := place.Hold(lab.Running{Session: place.Session, PID: os.Getpid(), Command: o.Command}, func() (err error) {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: place.Socket(), Net: "unix"})
		if err != nil {
			return fmt.Errorf("the engine cannot listen: %w", err)
		}
		return os.Chmod(place.Socket(), 0o600)
	})
	if err != nil {
		return err
	}
	s.timer = time.AfterFunc(o.Idle, func() {
		if s.end() {
			cancel(errIdle)
		}
	})
	defer s.timer.Stop()
	s.rest = time.AfterFunc(o.Pause, func() {
		if s.options.Rest != nil {
			s.options.Rest()
		}
	})
	defer s.rest.Stop()
	if o.Owner > 0 {
		go s.watch(ctx, cancel)
	}
	context.AfterFunc(ctx, func() { _ = l.Close() }) // ends the loop below
	for {
		c, err := l.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			break
		} else if err != nil {
			s.log("accepting: %v", err)
			time.Sleep(50 * time.Millisecond) // too many open files, say
			continue
		}
		s.calls.Go(func() { s.serve(ctx, c) })
	}
	s.calls.Wait()
	return place.Release(held)
}

// watch ends the engine when its owner has ended.
func (s *server) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			if errors.Is(syscall.Kill(s.options.Owner, 0), syscall.ESRCH) {
				cancel(errOwner)
			}
		}
	}
}

// end says that the engine takes no more requests, unless it has some.
func (s *server) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active == 0 {
		s.ending = true
	}
	return s.ending
}

// begin counts a connection, unless the engine is ending.
func (s *server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return false
	}
	s.active++
	s.timer.Stop()
	s.rest.Stop()
	return true
}

func (s *server) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active--; s.active == 0 {
		s.timer.Reset(s.options.Idle)
		s.rest.Reset(s.options.Pause)
	}
}

func (s *server) log(format string, args ...any) {
	if s.options.Log != nil {
		_, _ = fmt.Fprintf(s.options.Log, time.Now().Format(time.DateTime)+" "+format+"\n", args...)
	}
}

// slow is how long a client may take to say what it wants.
const slow = 10 * time.Second

// serve answers one connection.
func (s *server) serve(ctx context.Context, c *net.UnixConn) {
	defer func() { _ = c.Close() }()
	if err := lab.CheckPeer(c, os.Getuid()); err != nil {
		s.log("refused: %v", err)
		return
	}
	if !s.begin() {
		return // without a greeting: the client starts another engine
	}
	defer s.done()
	if _, err := fmt.Fprintln(c, lab.Greeting{Protocol: lab.Protocol, PID: os.Getpid(), Build: s.options.Build}); err != nil {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(slow))
	q, err := lab.ReceiveRequest(c)
	_ = c.SetReadDeadline(time.Time{})
	if errors.Is(err, io.EOF) {
		return // it only wanted to know whether somebody is there
	}
	out := &replies{c: c}
	if err == nil && q.Protocol != lab.Protocol {
		err = fmt.Errorf("this engine (process %d) speaks version %d of darkroom's protocol and the program that asks version %d: "+
			"end it with `darkroom engine --stop` and ask again", os.Getpid(), lab.Protocol, q.Protocol)
	}
	if err == nil {
		ctx, cancel := context.WithCancelCause(ctx)
		go listen(c, cancel)
		err = s.guarded(q.Call, func() error { return s.answer(ctx, q, out.send) })
		cancel(nil)
	}
	if err != nil {
		_ = out.send(lab.Reply{Error: err.Error()})
	} else {
		_ = out.send(lab.Reply{Done: true})
	}
}

// listen ends a call when the client says so, or has gone.
func listen(c net.Conn, cancel context.CancelCauseFunc) {
	q, err := lab.ReceiveRequest(c)
	if err == nil && q.Call == "cancel" {
		cancel(errCancel)
		return
	}
	cancel(errGone)
}

// guarded turns a panic into an error: the engine, which others use too, lives on.
func (s *server) guarded(call string, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.log("%s: panic: %v\n%s", call, r, debug.Stack())
			err = fmt.Errorf("%s: a mistake in darkroom or in a method: %v; the engine goes on, and its log has the stack (darkroom engine lists engines)", call, r)
		}
	}()
	return do()
}

// replies writes to a client, one reply at a time.
type replies struct {
	mu sync.Mutex
	c  net.Conn
}

// stuck is how long a client may leave a reply unread.
const stuck = time.Minute

func (r *replies) send(p lab.Reply) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.c.SetWriteDeadline(time.Now().Add(stuck))
	return lab.SendReply(r.c, p)
}
