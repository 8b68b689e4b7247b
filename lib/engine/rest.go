package engine

import "runtime/debug"

// Rest gives back to the system the memory that is free: what has trained and compiled leaves a good deal of it, for work that may not come
// soon. It takes some tens of milliseconds.
func (e *Engine) Rest() {
	debug.FreeOSMemory()
	trim()
}
