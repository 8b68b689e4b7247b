package wire

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair is a kernel and a client of it.
func pair(t *testing.T) (*Server, *Client, Connection) {
	t.Helper()
	c := Private(t.TempDir())
	s, err := Listen(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	client, err := Dial(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return s, client, c
}

func TestSockets(t *testing.T) {
	s, c, _ := pair(t)
	welcome, err := c.Published()
	if err != nil || welcome.Header.Type != "iopub_welcome" || string(welcome.Parent) != "{}" {
		t.Fatalf("first on IOPub: %+v, %v", welcome, err)
	}
	for _, ch := range []Channel{Shell, Control, Stdin} {
		asked, err := c.Ask(ch, "question", map[string]int{"n": 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Receive(ch)
		if err != nil || got.Header.ID != asked.Header.ID {
			t.Fatalf("channel %d: %+v, %v", ch, got, err)
		}
		if err := s.Answer(ch, got, "answer", map[string]int{"n": 2}); err != nil {
			t.Fatal(err)
		}
		answer, err := c.Receive(ch)
		if err != nil || answer.ParentID() != asked.Header.ID || string(answer.Content) != `{"n":2}` {
			t.Fatalf("channel %d: %+v, %v", ch, answer, err)
		}
		if err := s.Publish(got, "news", map[string]int{}); err != nil {
			t.Fatal(err)
		}
		if news, err := c.Published(); err != nil || news.ParentID() != asked.Header.ID {
			t.Fatalf("IOPub: %+v, %v", news, err)
		}
	}
}

func TestWrongKey(t *testing.T) {
	s, c, _ := pair(t)
	right := c.key
	c.key = []byte("guessed")
	if _, err := c.Ask(Shell, "execute_request", map[string]string{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Receive(Shell); !errors.Is(err, ErrSignature) || Broken(err) {
		t.Errorf("got %v", err)
	}
	c.key = right
	if _, err := c.Ask(Shell, "kernel_info_request", map[string]string{}); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Receive(Shell); err != nil || m.Header.Type != "kernel_info_request" {
		t.Errorf("afterwards: %v", err)
	}
}

// What ZeroMQ's own peers never send: each peer loses its connection, or is ignored, and the next one is served.
func TestStrangePeers(t *testing.T) {
	s, c, conn := pair(t)
	huge := binary.BigEndian.AppendUint64([]byte{flagLong}, 1<<62)
	greeting := append(append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0}, "NULL"...), make([]byte, 48)...)
	for name, says := range map[string][]byte{
		"nothing": nil, "HTTP": []byte("GET / HTTP/1.1\r\n\r\n"), "a greeting alone": greeting,
		"a frame of 2^62 bytes": append(greeting, huge...), "half a frame": append(greeting, 0, 200, 1),
	} {
		for _, port := range []int{conn.Shell, conn.IOPub, conn.Heartbeat} {
			peer, err := net.Dial("unix", strings.TrimPrefix(conn.address(port), "ipc://"))
			if err != nil {
				t.Fatal(name, err)
			}
			if _, err := peer.Write(says); err != nil {
				t.Fatal(name, err)
			}
			if name == "nothing" {
				defer func() { _ = peer.Close() }()
			} else {
				_ = peer.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
				_, _ = io.Copy(io.Discard, peer) // until it is cut off, or not
				_ = peer.Close()
			}
		}
	}
	if _, err := c.Ask(Shell, "still there?", map[string]string{}); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Receive(Shell); err != nil || m.Header.Type != "still there?" {
		t.Errorf("got %v, %v", m, err)
	}
}

func FuzzFollow(f *testing.F) {
	greeting := make([]byte, 64)
	f.Add(append(greeting, flagCommand, 2, 'h', 'i', 0, 1, 1), 3)
	f.Add(append(greeting, flagLong, 0, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0), 1)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		step = 1 + (step&0xff)%16
		_, other := net.Pipe()
		whole, parts := &conn{Conn: other, skip: 64}, &conn{Conn: other, skip: 64}
		err := whole.follow(b)
		var err2 error
		for i := 0; i < len(b) && err2 == nil; i += step {
			err2 = parts.follow(b[i:min(i+step, len(b))])
		}
		if (err == nil) != (err2 == nil) {
			t.Fatalf("at once %v, in parts %v", err, err2)
		}
		if err == nil && (whole.skip != parts.skip || whole.news != parts.news || whole.ready != parts.ready) {
			t.Fatalf("at once %+v, in parts %+v", whole, parts)
		}
	})
}

func TestReadConnection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kernel.json")
	good := Connection{Transport: "tcp", IP: "127.0.0.1", Shell: 1, Control: 2, Stdin: 3, IOPub: 4, Heartbeat: 5, Key: "k", Scheme: "hmac-sha256"}
	for name, c := range map[string]struct {
		change func(*Connection)
		want   string
	}{
		"good":             {func(*Connection) {}, ""},
		"another machine":  {func(c *Connection) { c.IP = "0.0.0.0" }, `asks to listen on "0.0.0.0", which other machines can reach; use 127.0.0.1`},
		"a name":           {func(c *Connection) { c.IP = "example.com" }, `asks to listen on "example.com"`},
		"no key":           {func(c *Connection) { c.Key = "" }, "has no key"},
		"another hash":     {func(c *Connection) { c.Scheme = "hmac-md5" }, `"hmac-md5"; use hmac-sha256`},
		"a strange medium": {func(c *Connection) { c.Transport = "udp" }, `the transport "udp"; use tcp or ipc`},
	} {
		conn := good
		c.change(&conn)
		b, err := json.Marshal(conn)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadConnection(path)
		if c.want == "" && (err != nil || got != conn) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	long := Private("/tmp/" + strings.Repeat("x", 120))
	if err := long.Write(path); err == nil || !strings.Contains(err.Error(), "set TMPDIR to a shorter one") {
		t.Errorf("a long path: %v", err)
	}
}
