package wire

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// Connection is the connection file that Jupyter gives a kernel.
type Connection struct {
	Transport string `json:"transport"` // tcp, or ipc: Unix sockets named IP-port
	IP        string `json:"ip"`
	Shell     int    `json:"shell_port"`
	Control   int    `json:"control_port"`
	Stdin     int    `json:"stdin_port"`
	IOPub     int    `json:"iopub_port"`
	Heartbeat int    `json:"hb_port"`
	Key       string `json:"key"`
	Scheme    string `json:"signature_scheme"`
}

// ReadConnection reads a connection file. It refuses one that would have the kernel listen beyond this machine, or take messages
// that nobody signed.
func ReadConnection(path string) (Connection, error) {
	var c Connection
	b, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("the connection file %s: %w", path, err)
	}
	switch ip := net.ParseIP(c.IP); {
	case c.Transport != "tcp" && c.Transport != "ipc":
		return c, fmt.Errorf("the connection file %s asks for the transport %q; use tcp or ipc", path, c.Transport)
	case c.Transport == "tcp" && c.IP != "localhost" && (ip == nil || !ip.IsLoopback()):
		return c, fmt.Errorf("the connection file %s asks to listen on %q, which other machines can reach; use 127.0.0.1", path, c.IP)
	case c.Key == "":
		return c, fmt.Errorf("the connection file %s has no key: anybody on this machine could run cells; start Jupyter with a session key", path)
	case c.Scheme != "" && c.Scheme != "hmac-sha256":
		return c, fmt.Errorf("the connection file %s asks for signatures by %q; use hmac-sha256", path, c.Scheme)
	}
	return c, nil
}

// Private returns a connection by Unix sockets in a folder that only this user may enter.
func Private(folder string) Connection {
	return Connection{
		Transport: "ipc", IP: filepath.Join(folder, "s"), Key: newID(), Scheme: "hmac-sha256",
		Shell: 1, Control: 2, Stdin: 3, IOPub: 4, Heartbeat: 5,
	}
}

// longest is the length of a Unix socket's path that every system takes.
const longest = 100

// Write saves the connection file, for this user's eyes only.
func (c Connection) Write(path string) error {
	if c.Transport == "ipc" && len(c.IP)+2 > longest {
		return fmt.Errorf("the path of a socket, %s-1, is longer than the %d characters that systems allow: set TMPDIR to a shorter one", c.IP, longest)
	}
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

func (c Connection) address(port int) string {
	if c.Transport == "ipc" {
		return fmt.Sprintf("ipc://%s-%d", c.IP, port)
	}
	return fmt.Sprintf("tcp://%s:%d", c.IP, port)
}
