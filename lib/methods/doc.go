// Package methods has one file for each paper, and their catalogue. A method is a struct whose exported fields are its parameters,
// with defaults, ranges and help in their tags; what it can do is said by the small interfaces of method.go that it
// implements. The engine and the measures ask for a capability, never for a name.
package methods
