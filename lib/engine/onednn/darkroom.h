// What the C files of this package offer each other and Go.
#ifndef DARKROOM_ONEDNN_H
#define DARKROOM_ONEDNN_H
#include "abi.h"

// One convolution, in the order of Conv.values (conv.go). Always seen from the forward one: x [n,h,w,c], y [n,oh,ow,k].
typedef struct {
  int64_t kind, n, h, w, c, oh, ow, k, kh, kw, sh, sw, dh, dw, top, bottom, left, right, groups, flip, bias, activated, slope;
  int64_t wg, wo, wi, wh, ww;  // the kernel's strides, in elements; slope is the bits of a float
} dr_conv;
enum { DR_FORWARD, DR_BACKWARD_DATA, DR_BACKWARD_WEIGHTS, DR_CONV_VALUES = 28 };

// oneDNN (library.c). dr_load returns NULL, or the reason why it cannot be used, which the caller frees.
extern struct dnnl_functions dr_dnnl;
extern dnnl_engine_t dr_engine;
char *dr_load(const char *path, const char *gomp);
int dr_major(void), dr_minor(void), dr_patch(void), dr_isa(void);
void dr_one_thread(void);  // oneDNN on this thread uses this thread only

// The handlers: of convolutions (conv.c) and of sums (sum.c).
XLA_FFI_Error *dr_handler(XLA_FFI_CallFrame *);
XLA_FFI_Error *dr_sum_handler(XLA_FFI_CallFrame *);
XLA_FFI_Error *dr_error(const XLA_FFI_CallFrame *, int code, const char *what);
float *dr_buffer(const XLA_FFI_Values *, int i, int64_t n);  // of exactly n float32, else NULL
int dr_accepts(const dr_conv *, char *impl, size_t size);  // 1 if a fast implementation exists; its name
int64_t dr_calls(void), dr_nanoseconds(void);              // of convolutions, since the start
typedef struct {
  dr_conv conv;  // its flip is always 0
  int64_t calls, nanoseconds;
} dr_timing;
void dr_time_each(int on);                // begins anew, or ends
int dr_timings(dr_timing *to, int room);  // how many it wrote
int dr_cached(void);                                       // primitives in the cache

// Threads (pool.c): runs part(arg, i) for i in [0, parts), on the caller and on the threads of the plugin that called with f; returns when all are done.
// Without a plugin's call f is NULL.
void dr_set_threads(int n);  // how many parts there should be
int dr_threads(void);
void dr_parallel(const XLA_FFI_CallFrame *f, int parts, void (*part)(void *arg, int i), void *arg);

double dr_peak(void);  // floating-point operations a second of oneDNN's matrix product on all threads; 0 if it fails

// The plugin (hook.c). dr_hook returns NULL, or why the hook cannot be placed, which the caller frees.
char *dr_hook(const char *plugin, const char *conv_target, const char *sum_target);
int64_t dr_fallbacks(void);  // programs that the plugin refused rewritten and took as they were

// Memory (memory.c): returns the bytes of heap that huge pages were asked for.
size_t dr_tune_memory(size_t reserve);
#endif
