// Package onednn makes XLA's CPU convolutions fast, below GoMLX: it hands them to the oneDNN library.
//
// GoMLX gives its plugin (PJRT) a program as StableHLO text. Enable puts a hook before the plugin's compile call; there Rewrite
// turns every 2-D float32 convolution that it understands (forward, gradient of the input, gradient of the kernel,
// transposed) into a custom_call, and leaves every other byte as it was. The custom_call's handler is C (conv.c), reached
// through XLA's typed FFI, and calls oneDNN, which is loaded at run time from a pinned file. Nothing of it is
// needed to build but a C compiler, and where anything is missing plain XLA goes on: Status says why.
//
//	parse.go      StableHLO text -> the fields of one convolution
//	conv.go       those fields -> forward, backward data or backward weights, as oneDNN names them
//	scope.go      what is known of the values around it: mirrored kernels, biases
//	pass.go       the walk over the text
//	shapes.go     what stays with XLA
//	onednn.go     Enable, Status, Stats; install.go: the library's pin
//	hook.c        the plugin's compile call and the registration of the handler
//	conv.c        the handler: shapes checked, work split, errors
//	sum.go, sum.c sums over all axes but the last, such as a batch norm's
//	calls.go      sparse codes (omp.c, lasso.c) and K-SVD's update of a dictionary (atoms.c; sparse.c is what they share)
//	split.c       the parts that it is split into; pool.c: how they run side by side
//	primitive.c   oneDNN's primitives, made once and kept; few.c: convolutions whose result has few channels;
//	              patches.c: gradients of kernels without AVX-512
//	peak.c        what the machine can do
//	library.c     oneDNN loaded; abi.h: the C interfaces, declared by hand
//	memory.c      glibc's malloc, tuned for big temporaries
//
// It knows nothing of networks or training.
package onednn
