// Package wire is the lowest layer of the notebook kernel: Jupyter's messages on ZeroMQ. It signs and checks messages (Parse,
// Message.Frames), reads connection files, and holds the five sockets of a kernel (Listen) or the four of its client (Dial). It
// knows no message by its meaning.
//
// The format is Jupyter's: https://jupyter-client.readthedocs.io/en/latest/messaging.html#the-wire-protocol
package wire
