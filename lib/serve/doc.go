// Package serve is the outside of the long-lived engine: it listens on a session's private socket, reads lab.Requests, has them answered
// beside each other, and ends the process when nobody has asked for anything for a while. What it does not know is how they are
// answered: it imports neither GoMLX nor the engine.
package serve
