package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Channel is one of the sockets on which requests and answers travel.
type Channel int

// The channels.
const (
	Shell Channel = iota
	Control
	Stdin
	iopub
	channels
)

// sockets are the ends of one connection. Sending is safe from several goroutines.
type sockets struct {
	ctx     context.Context
	cancel  context.CancelFunc
	key     []byte
	session string
	mu      [channels]sync.Mutex
	at      [channels]zmq4.Socket
}

// Receive waits for the next message of a channel. After an error that Broken does not call broken the next call goes on.
func (s *sockets) Receive(c Channel) (*Message, error) {
	msg, err := s.at[c].Recv()
	if err != nil {
		return nil, errBroken{err}
	}
	return Parse(msg.Frames, s.key)
}

type errBroken struct{ error }

func (e errBroken) Unwrap() error { return e.error }

// Broken reports whether a socket is closed for good.
func Broken(err error) bool {
	var b errBroken
	return errors.As(err, &b)
}

// Send sends a message as it is.
func (s *sockets) Send(c Channel, m *Message) error {
	s.mu[c].Lock()
	defer s.mu[c].Unlock()
	return s.at[c].SendMulti(zmq4.NewMsgFrom(m.Frames(s.key)...))
}

// Answer sends a new message to whom parent came from, in answer to it.
func (s *sockets) Answer(c Channel, parent *Message, kind string, content any) error {
	m, err := New(s.session, kind, parent, content)
	if err != nil {
		return err
	}
	return s.Send(c, m)
}

// Session is the id that all messages sent here carry.
func (s *sockets) Session() string { return s.session }

// Close closes the sockets.
func (s *sockets) Close() {
	s.cancel()
	for _, socket := range s.at {
		if socket != nil {
			_ = socket.Close() // nothing more is said to the other side
		}
	}
}

var silent = zmq4.WithLogger(log.New(io.Discard, "", 0))

// Server is a kernel's side of a connection.
type Server struct {
	*sockets
	heartbeat zmq4.Socket
}

// Listen opens a kernel's five sockets. Every client that subscribes to IOPub is greeted with an iopub_welcome (JEP 65), after
// which it misses nothing.
func Listen(ctx context.Context, c Connection) (*Server, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{sockets: &sockets{ctx: ctx, cancel: cancel, key: []byte(c.Key), session: newID()}}
	greet := context.WithValue(ctx, subscribedKey{}, func() { _ = s.Publish(nil, "iopub_welcome", map[string]any{"subscription": ""}) })
	s.at = [channels]zmq4.Socket{zmq4.NewRouter(ctx, silent), zmq4.NewRouter(ctx, silent), zmq4.NewRouter(ctx, silent), zmq4.NewPub(greet, silent)}
	s.heartbeat = zmq4.NewRep(ctx, silent)
	for i, port := range []int{c.Shell, c.Control, c.Stdin, c.IOPub} {
		if err := s.at[i].Listen("guarded-" + c.address(port)); err != nil {
			s.Close()
			return nil, fmt.Errorf("the kernel cannot listen: %w", err)
		}
	}
	if err := s.heartbeat.Listen("guarded-" + c.address(c.Heartbeat)); err != nil {
		s.Close()
		return nil, fmt.Errorf("the kernel cannot listen: %w", err)
	}
	go s.beat()
	return s, nil
}

// beat sends back whatever comes on the heartbeat socket.
func (s *Server) beat() {
	for s.ctx.Err() == nil {
		if m, err := s.heartbeat.Recv(); err == nil {
			_ = s.heartbeat.Send(m)
		}
	}
}

// Publish tells every client of something that parent caused; nil is no message.
func (s *Server) Publish(parent *Message, kind string, content any) error {
	m, err := New(s.session, kind, parent, content)
	if err != nil {
		return err
	}
	return s.Forward(m)
}

// Forward publishes a message that is already made. Its topic becomes "kernel.SESSION.TYPE".
func (s *Server) Forward(m *Message) error {
	m.To = [][]byte{[]byte("kernel." + s.session + "." + m.Header.Type)}
	return s.Send(iopub, m)
}

// Remake returns a message like m but from this side, in answer to parent.
func (s *Server) Remake(m, parent *Message) (*Message, error) {
	made, err := New(s.session, m.Header.Type, parent, json.RawMessage(m.Content))
	if err != nil {
		return nil, err
	}
	made.Metadata, made.Buffers = m.Metadata, m.Buffers
	return made, nil
}

// Close closes the sockets.
func (s *Server) Close() {
	s.sockets.Close()
	_ = s.heartbeat.Close()
}

// Client is a client's side of a connection.
type Client struct{ *sockets }

// Dial connects to a kernel, for which it waits until ctx ends.
func Dial(ctx context.Context, c Connection) (*Client, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &sockets{ctx: ctx, cancel: cancel, key: []byte(c.Key), session: newID()}
	options := []zmq4.Option{
		silent, zmq4.WithID(zmq4.SocketIdentity(s.session)), // the same on all, as stdin is answered to the sender of a shell message
		zmq4.WithDialerRetry(5 * time.Millisecond), zmq4.WithDialerMaxRetries(-1),
	}
	sub := zmq4.NewSub(ctx, options...)
	s.at = [channels]zmq4.Socket{zmq4.NewDealer(ctx, options...), zmq4.NewDealer(ctx, options...), zmq4.NewDealer(ctx, options...), sub}
	if err := sub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		cancel()
		return nil, err
	}
	for i, port := range []int{c.Shell, c.Control, c.Stdin, c.IOPub} {
		if err := s.at[i].Dial(c.address(port)); err != nil {
			s.Close()
			return nil, err
		}
	}
	return &Client{s}, nil
}

// Published waits for the next message on IOPub, as Receive does.
func (c *Client) Published() (*Message, error) { return c.Receive(iopub) }

// Ask sends a new request and returns it.
func (c *Client) Ask(ch Channel, kind string, content any) (*Message, error) {
	m, err := New(c.session, kind, nil, content)
	if err != nil {
		return nil, err
	}
	return m, c.Send(ch, m)
}
