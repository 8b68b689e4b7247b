// Package lab is the border between asking for work and doing it: plain data (Spec, Event, Image, Result) and the
// one interface, Lab, through which work is asked for. It imports neither GoMLX nor a drawing library, so that
// a notebook cell which only asks, looks and compares links in a fraction of a second.
//
// The engine (lib/engine) implements Lab in process; Remote implements it by talking to a darkroom process.
package lab
