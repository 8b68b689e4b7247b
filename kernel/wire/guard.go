package wire

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/transport"
)

// Limits on those who connect to the kernel's sockets. zmq4 v0.17.0 sets none: it makes room for whatever length a frame claims, and
// while one peer keeps it waiting in the handshake no other gets in.
const (
	largestFrame = 1 << 28 // bytes
	handshake    = 5 * time.Second
	stuck        = 30 * time.Second // how long a peer may leave its messages unread
)

func init() {
	for name, network := range map[string]string{"guarded-tcp": "tcp", "guarded-ipc": "unix"} {
		if err := zmq4.RegisterTransport(name, guard{transport.New(network)}); err != nil {
			panic(err) // the name is taken
		}
	}
}

// guard is a transport whose connections keep to the limits.
type guard struct{ transport.Transport }

// Listen implements transport.Transport.
func (g guard) Listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := g.Transport.Listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	subscribed, _ := ctx.Value(subscribedKey{}).(func())
	return listener{l, subscribed}, nil
}

// subscribedKey is the key of a context's func() that is called when a subscriber has been heard.
type subscribedKey struct{}

type listener struct {
	net.Listener
	subscribed func()
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		time.Sleep(10 * time.Millisecond) // zmq4 asks again at once, also when the socket is closed
		return nil, err
	}
	_ = c.SetReadDeadline(time.Now().Add(handshake))
	return &conn{Conn: c, subscribed: l.subscribed, skip: 64}, nil
}

// conn follows the frames of ZMTP 3.0 (https://rfc.zeromq.org/spec/23/) that a peer sends.
type conn struct {
	net.Conn
	subscribed func()
	news       bool // a subscription has been read, which zmq4 has yet to see

	skip  uint64 // bytes before the next header: of the greeting, or of a frame's body
	begin bool   // the next byte is the first of a body
	frame []byte // the header so far: flags, and a length of one byte or eight
	ready bool   // the handshake is over
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	if c.news && c.subscribed != nil { // zmq4 reads the next message once it has dealt with the one before
		c.news = false
		go c.subscribed()
	}
	n, err := c.Conn.Read(p)
	if bad := c.follow(p[:n]); bad != nil {
		return 0, bad
	}
	return n, err
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	_ = c.SetWriteDeadline(time.Now().Add(stuck))
	return c.Conn.Write(p)
}

const (
	flagLong    = 2
	flagCommand = 4
)

// follow takes the next bytes of the peer.
func (c *conn) follow(p []byte) error {
	for len(p) > 0 {
		if c.skip > 0 {
			if c.begin && c.frame[0]&flagCommand == 0 && p[0] == 1 {
				c.news = true
			}
			c.begin = false
			n := min(c.skip, uint64(len(p)))
			c.skip -= n
			p = p[n:]
			if c.skip == 0 {
				c.frame = c.frame[:0]
			}
			continue
		}
		c.frame = append(c.frame, p[0])
		p = p[1:]
		long := c.frame[0]&flagLong != 0
		switch {
		case long && len(c.frame) == 9:
			c.skip = binary.BigEndian.Uint64(c.frame[1:])
		case !long && len(c.frame) == 2:
			c.skip = uint64(c.frame[1])
		default:
			continue
		}
		if c.skip > largestFrame {
			return fmt.Errorf("a peer announces a frame of %d bytes; at most %d are taken", c.skip, largestFrame)
		}
		if !c.ready { // the first frame behind the greeting is its READY
			c.ready = true
			_ = c.SetReadDeadline(time.Time{})
		}
		c.begin = true
		if c.skip == 0 {
			c.frame = c.frame[:0]
		}
	}
	return nil
}
