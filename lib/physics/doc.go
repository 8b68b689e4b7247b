// Package physics has the degradations that the restore tasks undo: a linear operator with its adjoint, and noise. An operator is a
// graph function; Describe goes into the protocol of everything that is measured with it.
package physics
