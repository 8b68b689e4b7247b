// Package quick makes a cell's program by the compiler and the linker alone. go build, which calls the two, first looks at every package that
// the program is made of, and takes longer for that than they do. Here that is looked at once, when notebooks are set up (Prepare), and what
// was found serves as long as nothing has changed (Build). It knows nothing of kernels or cells, only of folders.
package quick
