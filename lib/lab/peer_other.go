//go:build !linux

package lab

import "net"

// CheckPeer leaves it to the mode of the socket's folder to keep others out.
func CheckPeer(*net.UnixConn, int) error { return nil }
