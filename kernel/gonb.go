package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"darkroom/kernel/wire"
)

// gonb is a running GoNB: a kernel whose only client is this one, over Unix sockets in a private folder. It compiles and runs cells, one
// at a time.
type gonb struct {
	cmd    *exec.Cmd
	client *wire.Client
	ready  chan struct{} // closed once it has answered, or has ended
	done   chan struct{} // closed once it has ended
	err    error         // how it ended; read it after done
	tmp    string

	elsewhere func(*wire.Message) // told what it publishes when no cell runs
	input     func(*wire.Message) // told that it asks for input

	mu      sync.Mutex
	current *asked
	count   int // cells it was given, which is how it numbers them
}

// asked is a cell that runs.
type asked struct {
	id        string
	published chan *wire.Message
	reply     chan *wire.Message
}

var errGoNBEnded = errors.New("GoNB, the process that compiles and runs cells, has ended")

// startGoNB starts a GoNB in a folder of its own below tmp. It comes up in the background.
func startGoNB(in *Installation, tmp, connectionFile string, log *os.File, env []string) (*gonb, error) {
	folder, err := os.MkdirTemp(tmp, "gonb-")
	if err != nil {
		return nil, err
	}
	conn := wire.Private(folder)
	file := filepath.Join(folder, filepath.Base(connectionFile)) // GoNB takes Jupyter's id of the kernel from the name
	if err := conn.Write(file); err != nil {
		return nil, err
	}
	g := &gonb{ready: make(chan struct{}), done: make(chan struct{}), tmp: folder}
	g.cmd = exec.Command(in.tool("gonb"), "-kernel", file, "-raw_error")
	g.cmd.Env = with(os.Environ(), append(append(in.cellEnv(), "TMPDIR="+folder, "GOWORK=off"), env...)...)
	g.cmd.Stdout, g.cmd.Stderr = log, log // GoNB logs a lot, none of it for people
	g.cmd.SysProcAttr = childAttributes()
	started := make(chan error, 1)
	go func() {
		unlock := lockThread() // on Linux the child's life is tied to the thread that starts it
		defer unlock()
		err := g.cmd.Start()
		started <- err
		if err == nil {
			g.err = g.cmd.Wait()
			close(g.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("cannot start GoNB: %w", err)
	}
	go g.connect(conn)
	return g, nil
}

// connect waits until GoNB listens and publishes to this client.
func (g *gonb) connect(conn wire.Connection) {
	defer close(g.ready)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-g.done
		cancel()
	}()
	var err error
	if g.client, err = wire.Dial(ctx, conn); err != nil {
		return // it has ended
	}
	heard := make(chan struct{})
	go g.listen(heard)
	go g.answers()
	go g.asks()
	for { // what is published before the subscription has arrived is lost
		_, _ = g.client.Ask(wire.Shell, "kernel_info_request", map[string]any{})
		select {
		case <-heard:
			return
		case <-g.done:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// listen hands on what GoNB publishes.
func (g *gonb) listen(heard chan struct{}) {
	for {
		m, err := g.client.Published()
		switch {
		case wire.Broken(err):
			return
		case err != nil:
			continue
		}
		if heard != nil {
			close(heard)
			heard = nil
		}
		if a := g.asking(m); a != nil {
			select {
			case a.published <- m:
			case <-g.done:
			}
		} else if m.Header.Type != "status" && g.elsewhere != nil {
			g.elsewhere(m)
		}
	}
}

// asking is the running cell if m belongs to it.
func (g *gonb) asking(m *wire.Message) *asked {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current != nil && m.ParentID() == g.current.id {
		return g.current
	}
	return nil
}

// answers hands on GoNB's replies.
func (g *gonb) answers() {
	for {
		m, err := g.client.Receive(wire.Shell)
		if wire.Broken(err) {
			return
		}
		if err == nil {
			if a := g.asking(m); a != nil {
				a.reply <- m
			}
		}
	}
}

// asks hands on GoNB's questions for input.
func (g *gonb) asks() {
	for {
		m, err := g.client.Receive(wire.Stdin)
		if wire.Broken(err) {
			return
		}
		if err == nil && g.input != nil {
			g.input(m)
		}
	}
}

// gonbReply is GoNB's execute_reply.
type gonbReply struct {
	Status    string   `json:"status"`
	Name      string   `json:"ename"`
	Value     string   `json:"evalue"`
	Traceback []string `json:"traceback"`
}

// execute runs a program and calls publish with all that GoNB publishes meanwhile, but for the status. number is how GoNB names it in
// what it says. The error is errGoNBEnded.
func (g *gonb) execute(code string, allowStdin bool, begin func(number int), publish func(*wire.Message)) (gonbReply, error) {
	var r gonbReply
	<-g.ready
	if g.ended() {
		return r, errGoNBEnded
	}
	m, err := wire.New(g.client.Session(), "execute_request", nil, map[string]any{
		"code": code, "silent": false, "store_history": true, "user_expressions": map[string]any{}, "allow_stdin": allowStdin, "stop_on_error": false,
	})
	if err != nil {
		return r, err
	}
	a := &asked{id: m.Header.ID, published: make(chan *wire.Message, 256), reply: make(chan *wire.Message, 1)}
	g.mu.Lock()
	g.current = a
	g.count++
	number := g.count
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		g.current = nil
		g.mu.Unlock()
	}()
	begin(number)
	look, often := time.NewTicker(time.Second), time.NewTicker(100*time.Millisecond)
	defer look.Stop()
	defer often.Stop()
	var left leftBehind
	pace := pace{gonb: g.cmd.Process.Pid}
	defer pace.release()
	if err := g.client.Send(wire.Shell, m); err != nil {
		return r, fmt.Errorf("%w: %w", errGoNBEnded, err)
	}
	for idle, replied := false, false; !idle || !replied; {
		select {
		case <-g.done:
			return r, errGoNBEnded
		case m := <-a.reply:
			replied = true
			if err := json.Unmarshal(m.Content, &r); err != nil {
				return r, fmt.Errorf("GoNB's answer: %w", err)
			}
		case m := <-a.published:
			pace.read += len(m.Content)
			if m.Header.Type == "status" {
				var s struct {
					State string `json:"execution_state"`
				}
				_ = json.Unmarshal(m.Content, &s) // of another shape it is not idle
				idle = idle || s.State == "idle"
				continue
			}
			publish(m)
		case <-often.C:
			pace.look()
		case <-look.C:
			if said := left.end(g.cmd.Process.Pid); said != "" {
				said, err := wire.New(g.client.Session(), "stream", m, map[string]string{"name": "stderr", "text": said})
				if err != nil {
					return r, err
				}
				publish(said)
			}
		}
	}
	return r, nil
}

// pace stops a cell's program for a while when it prints faster than this kernel reads: GoNB keeps what is not read yet, however much it is.
type pace struct {
	gonb int
	read int   // bytes since the last look
	held []int // processes that are stopped
}

// mostKept is how many bytes of memory GoNB may have while it is read from; it begins with half of them.
const mostKept = 96 << 20

func (p *pace) look() {
	switch {
	case len(p.held) > 0 && p.read == 0: // all is read
		p.release()
	case len(p.held) == 0 && p.read > 1<<20 && resident(p.gonb) > mostKept:
		p.held, _, _ = childrenOf(p.gonb)
		for _, pid := range p.held {
			_ = syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
	p.read = 0
}

func (p *pace) release() {
	for _, pid := range p.held {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	p.held = nil
}

// leftBehind are processes that keep a cell from ending, since GoNB waits until nobody can write into the cell's output any more. Those that a
// cell leaves with output of their own it does not know of: they live until the kernel ends, as in other kernels.
type leftBehind struct{ program int } // the cell's, which had ended when it was last looked at; 0 is none

// end ends them if the program has ended for as long as from one look to the next, and returns what is to be said of them.
func (l *leftBehind) end(gonb int) (say string) {
	_, ended, _ := childrenOf(gonb)
	if len(ended) == 0 || ended[0] != l.program {
		*l = leftBehind{}
		if len(ended) > 0 {
			l.program = ended[0]
		}
		return ""
	}
	for pid, name := range holders(gonb) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		say += fmt.Sprintf("The cell has ended, and with it %s (process %d), which held the cell's output; a process with output of its own goes on.\n", name, pid)
	}
	return say
}

func (g *gonb) ended() bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// interrupt stops the running cell, whatever it is at: its program gets SIGINT, and five seconds later SIGKILL, from GoNB, which does
// not pass it on to the compiler; that is stopped here. It goes on until over is closed, as the program may begin just then. A GoNB that
// does not answer once nothing runs any more is killed.
func (g *gonb) interrupt(over <-chan struct{}) {
	<-g.ready
	if g.ended() {
		return
	}
	told, idle := map[int]int{}, 0
	const second = 20 // looks
	for {
		children, _, known := childrenOf(g.cmd.Process.Pid)
		if idle++; !known || len(children) > 0 {
			idle = 0
		} else if idle == 5*second {
			_ = g.cmd.Process.Kill()
			return
		}
		if !known && told[0] == 0 {
			told[0]++
			_, _ = g.client.Ask(wire.Control, "interrupt_request", map[string]any{})
		}
		for _, child := range children {
			told[child]++
			switch {
			case told[child] > 8*second:
				_ = syscall.Kill(child, syscall.SIGKILL) // GoNB would have by now
			case !compiles(child):
				if told[child]%5 == 1 { // GoNB hears it only once it has started the program, and then once
					_, _ = g.client.Ask(wire.Control, "interrupt_request", map[string]any{})
				}
			case told[child] < 10:
				_ = syscall.Kill(child, syscall.SIGINT)
			default:
				_ = syscall.Kill(child, syscall.SIGKILL)
			}
		}
		select {
		case <-over:
			return
		case <-g.done:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the cell's program and GoNB, and waits for it. What the two leave, endGroup ends. The program gets SIGTERM: an interrupt, which
// GoNB would send it, would stop the training that it waits for.
func (g *gonb) stop(grace time.Duration) {
	if children, _, known := childrenOf(g.cmd.Process.Pid); known && !g.ended() {
		for _, child := range children {
			_ = syscall.Kill(child, syscall.SIGTERM)
		}
	}
	_ = g.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-g.done:
	case <-time.After(grace):
		_ = g.cmd.Process.Kill()
		<-g.done
	}
	<-g.ready
	if g.client != nil {
		g.client.Close()
	}
}
