// Package programs keeps compiled XLA programs on disk, so that a network that was compiled once starts at once in the next process.
//
// It works below GoMLX: the compile call of the PJRT plugin is replaced by one that looks in the cache folder under a SHA-256 of all that
// the machine code depends on (the program's text, the compile options, the plugin, the processor, the number of threads), and
// loads what it finds there: the same machine code, hence the same bits. The package onednn, where it is on, rewrites programs before they come
// here, so a change of its rules changes the name.
//
// It also has programs with Fourier transforms compiled for one thread (convolutions that onednn has taken keep theirs): XLA's CPU backend splits a
// transform over the threads that it finds free, and the last bits depend on the split.
package programs
