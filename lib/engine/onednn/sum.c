//go:build linux && amd64 && cgo

// The handler of sums over all but the last axis: of x, or of x·y, whose product is not written anywhere. XLA computes such a product first, and
// sums with one addition after the other; here a block of rows is summed in float32, and the blocks in float64.
#include <stdlib.h>
#include <string.h>
#include "darkroom.h"

enum { BLOCK = 64, WIDTH = 64 };

typedef struct {
  int64_t rows, channels, width, lines;  // lines of width values: several rows where channels are few
  int parts;
  const float *x, *y;
  double *sums;   // [parts][width]
  float *blocks;  // [parts][width]
} job;

__attribute__((target("avx2,fma"))) static void add_line(float *restrict to, const float *restrict x, const float *restrict y, int64_t n) {
  if (y)
    for (int64_t k = 0; k < n; k++) to[k] += x[k] * y[k];
  else
    for (int64_t k = 0; k < n; k++) to[k] += x[k];
}

static void sum_part(void *arg, int i) {
  job *j = arg;
  int64_t w = j->width, from = j->lines * i / j->parts, to = j->lines * (i + 1) / j->parts;
  double *sum = j->sums + i * w;
  float *block = j->blocks + i * w;
  for (int64_t line = from; line < to;) {
    memset(block, 0, sizeof(float) * w);
    int64_t end = line + BLOCK < to ? line + BLOCK : to;
    for (; line < end; line++) add_line(block, j->x + line * w, j->y ? j->y + line * w : NULL, w);
    for (int64_t k = 0; k < w; k++) sum[k] += block[k];
  }
}

static int read_sum(const XLA_FFI_CallFrame *f, job *j) {
  for (int64_t i = 0; i < f->attrs.size; i++) {
    const XLA_FFI_ByteSpan *name = f->attrs.names[i];
    if (f->attrs.types[i] != XLA_FFI_ATTR_ARRAY || name->len != 3 || memcmp(name->ptr, "sum", 3)) continue;
    const XLA_FFI_Array *a = f->attrs.values[i];
    if (a->dtype != XLA_FFI_S64 || a->size != 2) return 0;
    const int64_t *v = a->data;
    j->rows = v[0], j->channels = v[1];
    return j->rows > 0 && j->rows <= INT32_MAX && j->channels > 0 && j->channels <= INT32_MAX;
  }
  return 0;
}

XLA_FFI_Error *dr_sum_handler(XLA_FFI_CallFrame *f) {
  job j = {0};
  if (f->struct_size < sizeof *f || !read_sum(f, &j) || f->args.size < 1)
    return dr_error(f, XLA_FFI_INVALID_ARGUMENT, "a sum without its shape");
  int64_t n = j.rows * j.channels;
  j.x = dr_buffer(&f->args, 0, n);
  if (f->args.size > 1) j.y = dr_buffer(&f->args, 1, n);
  float *result = dr_buffer(&f->rets, 0, j.channels);
  if (!j.x || (f->args.size > 1 && !j.y) || !result) return dr_error(f, XLA_FFI_INVALID_ARGUMENT, "the buffers of a sum are not of its shape");

  int64_t together = j.channels < WIDTH ? WIDTH / j.channels : 1;
  j.width = together * j.channels;
  j.lines = j.rows / together;
  j.parts = dr_threads();
  j.sums = calloc(j.parts * j.width, sizeof(double) + sizeof(float));
  if (!j.sums) return dr_error(f, XLA_FFI_RESOURCE_EXHAUSTED, "out of memory for a sum");
  j.blocks = (float *)(j.sums + j.parts * j.width);
  dr_parallel(f, j.parts, sum_part, &j);
  for (int64_t k = 0; k < j.channels; k++) {
    double s = 0;
    for (int64_t i = k; i < j.parts * j.width; i += j.channels) s += j.sums[i];
    for (int64_t at = j.lines * j.width + k; at < n; at += j.channels) s += j.y ? (double)j.x[at] * j.y[at] : j.x[at];
    result[k] = (float)s;
  }
  free(j.sums);
  return NULL;
}
