// Package xlatest opens the XLA backend for the tests of the packages that build graphs, as the engine does: with the convolutions
// computed by oneDNN where it can be had.
package xlatest
