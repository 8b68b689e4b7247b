package lab

import (
	"fmt"
	"net"
	"syscall"
)

// CheckPeer is an error if the process at the other end of a Unix socket belongs to another user.
func CheckPeer(c *net.UnixConn, own int) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var peer *syscall.Ucred
	var perr error
	if err := raw.Control(func(fd uintptr) {
		peer, perr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if perr != nil {
		return perr
	}
	if int(peer.Uid) != own {
		return fmt.Errorf("the process at the other end (%d) belongs to user %d, and this one to user %d", peer.Pid, peer.Uid, own)
	}
	return nil
}
