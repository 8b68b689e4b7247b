package kernel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"darkroom/kernel/cell"
	"darkroom/kernel/wire"
)

// session is the kernel of one notebook: it answers Jupyter's messages (handle) and runs cells in order (run), for which it has a GoNB.
type session struct {
	in             *Installation
	server         *wire.Server
	state          *cell.State
	history        *history
	connectionFile string
	tmp            string
	log            *os.File
	env            []string // for GoNB and cells

	cells chan *wire.Message // execute requests that wait
	quit  chan struct{}      // closed when somebody has asked for the end

	mu      sync.Mutex // over what follows, and over the order of statuses
	gonb    *gonb
	running *wire.Message   // the execute request that runs
	over    chan struct{}   // closed when it has run
	stopped bool            // it was interrupted
	joined  []viewer        // other requests for the same cell
	shown   []*wire.Message // by the cell that runs
	size    int             // of what it has shown, in bytes
	input   *wire.Message   // GoNB's question that the client has been asked
	comms   map[string]string
	count   int
	sources map[int]*given // cells by GoNB's number
	once    sync.Once
}

// given is a cell that GoNB has been given.
type given struct {
	number  int // as in In [3]
	cell    *cell.Cell
	program cell.Program
}

// open starts answering. The GoNB comes up in the background.
func (s *session) open() error {
	s.cells = make(chan *wire.Message, 10000)
	s.quit = make(chan struct{})
	s.comms, s.sources = map[string]string{}, map[int]*given{}
	if err := s.restart(); err != nil {
		return err
	}
	_ = s.server.Publish(nil, "status", map[string]string{"execution_state": "starting"})
	go s.receive(wire.Shell)
	go s.receive(wire.Control)
	go s.receive(wire.Stdin)
	go s.work()
	return nil
}

// restart starts a GoNB, which knows of no cell.
func (s *session) restart() error {
	g, err := startGoNB(s.in, s.tmp, s.connectionFile, s.log, append([]string{"DARKROOM_RESULT=" + s.result()}, s.env...))
	if err != nil {
		return err
	}
	g.elsewhere = s.pass
	g.input = s.ask
	s.state.Reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gonb, s.sources = g, map[int]*given{}
	return nil
}

// result is the file in which a cell's program leaves the value of its last expression.
func (s *session) result() string { return filepath.Join(s.tmp, "result.json") }

// receive reads one channel until the kernel ends.
func (s *session) receive(c wire.Channel) {
	for {
		m, err := s.server.Receive(c)
		switch {
		case wire.Broken(err):
			return
		case err != nil:
			_, _ = fmt.Fprintf(s.log, "darkroom: refused a message: %v\n", err)
		case c == wire.Stdin:
			s.answered(m)
		default:
			s.handle(c, m)
		}
	}
}

// handle answers a request at once, but for those to execute, which it puts in the queue.
func (s *session) handle(c wire.Channel, m *wire.Message) {
	if m.Header.Type == "execute_request" {
		if s.join(m) {
			return
		}
		select {
		case s.cells <- m:
		default:
			s.around(m, func() {
				_ = s.server.Answer(c, m, "execute_reply", failure("QueueFull", fmt.Sprintf("%d cells are waiting already", len(s.cells))))
			})
		}
		return
	}
	answers, ok := requests[m.Header.Type]
	if !ok {
		_, _ = fmt.Fprintf(s.log, "darkroom: an unknown message %s\n", m.Header.Type)
		return
	}
	s.around(m, func() {
		if answer := answers.answer(s, m); answer != nil {
			_ = s.server.Answer(c, m, answers.kind, answer)
		}
	})
	if m.Header.Type == "shutdown_request" {
		s.once.Do(func() { close(s.quit) })
	}
}

// around tells the clients that the kernel is busy with a request, and idle after. As that may be while a cell runs, it then says
// that the kernel is busy with the cell.
func (s *session) around(m *wire.Message, do func()) {
	s.status(m, "busy")
	do()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status(m, "idle")
	if s.running != nil {
		s.status(s.running, "busy")
	}
}

func (s *session) status(m *wire.Message, state string) {
	_ = s.server.Publish(m, "status", map[string]string{"execution_state": state})
}

// work runs the cells one after the other. When one fails, those that wait behind it are aborted, unless it says stop_on_error=false.
func (s *session) work() {
	for m := range s.cells {
		for range s.execute(m) {
			m := <-s.cells
			s.around(m, func() {
				_ = s.server.Answer(wire.Shell, m, "execute_reply", map[string]any{"status": "aborted"})
			})
		}
	}
}

// pass publishes what GoNB says when no cell runs, in answer to what it answers itself.
func (s *session) pass(m *wire.Message) {
	s.follow(m)
	if made, err := s.server.Remake(m, nil); err == nil {
		made.Parent = m.Parent
		_ = s.server.Forward(made)
	}
}

// follow keeps count of the comms that are open.
func (s *session) follow(m *wire.Message) {
	var c struct {
		ID     string `json:"comm_id"`
		Target string `json:"target_name"`
	}
	if m.Header.Type != "comm_open" && m.Header.Type != "comm_close" || json.Unmarshal(m.Content, &c) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Header.Type == "comm_open" {
		s.comms[c.ID] = c.Target
	} else {
		delete(s.comms, c.ID)
	}
}

// ask passes GoNB's question for input to the client whose cell runs. A client that takes no questions has the cell stopped.
func (s *session) ask(m *wire.Message) {
	s.mu.Lock()
	running, over, g := s.running, s.over, s.gonb
	s.input = m
	s.mu.Unlock()
	if running == nil {
		return
	}
	if !executeRequestOf(running).AllowStdin {
		_ = s.server.Publish(running, "stream", map[string]string{"name": "stderr", "text": "The cell asks for input, and this client takes no questions (allow_stdin is false).\n"})
		g.interrupt(over)
		return
	}
	_ = s.server.Answer(wire.Stdin, running, "input_request", json.RawMessage(m.Content))
}

// answered passes the client's answer to GoNB.
func (s *session) answered(m *wire.Message) {
	s.mu.Lock()
	g, question := s.gonb, s.input
	s.input = nil
	s.mu.Unlock()
	if question == nil || m.Header.Type != "input_reply" || g.ended() {
		return
	}
	if a, err := wire.New(g.client.Session(), "input_reply", question, json.RawMessage(m.Content)); err == nil {
		a.To = nil
		_ = g.client.Send(wire.Stdin, a)
	}
}

// interrupt stops the cell that runs, if one does.
func (s *session) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil && !s.stopped {
		s.stopped = true
		go s.gonb.interrupt(s.over)
	}
}

// close ends GoNB and with it the cell that runs.
func (s *session) close() {
	s.mu.Lock()
	g := s.gonb
	s.mu.Unlock()
	g.stop(2 * time.Second)
	s.server.Close()
}
