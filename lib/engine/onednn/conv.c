//go:build linux && amd64 && cgo

// The handler of the custom_call: one convolution, split into parts that each run on one thread.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "few.h"
#include "patches.h"
#include "primitive.h"
#include "split.h"

static const char *const kinds[] = {"forward", "backward data", "backward weights"};

XLA_FFI_Error *dr_error(const XLA_FFI_CallFrame *f, int code, const char *what) {
  char message[512];
  snprintf(message, sizeof message, "oneDNN: %s; DARKROOM_KERNELS=xla does without it", what);
  XLA_FFI_Error_Create_Args args = {.struct_size = sizeof args, .message = message, .code = code};
  return f->api->error_create(&args);
}

static XLA_FFI_Error *fail(const XLA_FFI_CallFrame *f, int code, const dr_conv *c, const char *what) {
  char message[400];
  snprintf(message, sizeof message, "%s (%s convolution of x [%ld, %ld, %ld, %ld] with kernel %ldx%ld to y [%ld, %ld, %ld, %ld], stride %ldx%ld, %ld groups)",
           what, kinds[c->kind], (long)c->n, (long)c->h, (long)c->w, (long)c->c, (long)c->kh, (long)c->kw, (long)c->n, (long)c->oh,
           (long)c->ow, (long)c->k, (long)c->sh, (long)c->sw, (long)c->groups);
  return dr_error(f, code, message);
}

// read_conv finds the attribute that Rewrite wrote.
static int read_conv(const XLA_FFI_CallFrame *f, dr_conv *c) {
  for (int64_t i = 0; i < f->attrs.size; i++) {
    const XLA_FFI_ByteSpan *name = f->attrs.names[i];
    if (f->attrs.types[i] != XLA_FFI_ATTR_ARRAY || name->len != 4 || memcmp(name->ptr, "conv", 4)) continue;
    const XLA_FFI_Array *a = f->attrs.values[i];
    if (a->dtype != XLA_FFI_S64 || a->size != DR_CONV_VALUES) return 0;
    memcpy(c, a->data, sizeof *c);
    const int64_t *v = a->data;
    for (int k = 1; k <= 18; k++)  // sizes, strides, dilations and groups from 1; paddings from 0
      if (v[k] < !(k >= 14 && k <= 17) || v[k] > INT32_MAX) return 0;
    if (c->slope < 0 || c->slope > UINT32_MAX) return 0;
    return c->kind == DR_FORWARD || c->kind == DR_BACKWARD_DATA || (c->kind == DR_BACKWARD_WEIGHTS && !c->bias && !c->activated);
  }
  return 0;
}

// dr_buffer returns the data of a float32 buffer of exactly n elements, else NULL.
float *dr_buffer(const XLA_FFI_Values *v, int i, int64_t n) {
  if (i >= v->size || v->types[i] != XLA_FFI_BUFFER) return NULL;
  const XLA_FFI_Buffer *b = v->values[i];
  int64_t have = 1;
  for (int64_t k = 0; k < b->rank; k++) have *= b->dims[k];
  return b->dtype == XLA_FFI_F32 && have == n ? b->data : NULL;
}

typedef struct {
  const dr_conv *c;
  int batch_parts, row_parts;
  float *x, *w, *y, *bias;
  float *sums;  // kernel gradients of the parts after the first
  int64_t weights;
  atomic_int status;
} job;

// finish adds the bias (which may be NULL) to n rows of channels, and activates them: max(slope·v, v), which keeps NaN. Enable has seen that there
// is AVX2.
__attribute__((target("avx2"))) static void finish(float *restrict v, int64_t n, int64_t channels, const float *restrict bias,
                                                   int activated, float slope) {
  if (activated && !bias) channels *= n, n = 1;  // then rows do not matter
  for (int64_t i = 0; i < n; i++, v += channels) {
    if (bias)
      for (int64_t k = 0; k < channels; k++) v[k] += bias[k];
    if (activated && slope == 0)
      for (int64_t k = 0; k < channels; k++) v[k] = 0 > v[k] ? 0 : v[k];
    else if (activated)
      for (int64_t k = 0; k < channels; k++) {
        float low = slope * v[k];
        v[k] = low > v[k] ? low : v[k];
      }
  }
}

static void run_part(void *arg, int i) {
  job *j = arg;
  dr_part p;
  dr_make_part(j->c, j->batch_parts, j->row_parts, i, &p);
  const dr_conv *c = &p.c;
  int64_t activated = p.c.activated, pixels = c->kind == DR_FORWARD ? c->n * c->oh * c->ow : c->n * c->h * c->w;
  uint32_t bits = (uint32_t)c->slope;
  float slope;
  memcpy(&slope, &bits, sizeof slope);
  const float *bias = j->bias;
  int later = bias && c->kind == DR_BACKWARD_DATA && !dr_is_few(c);  // oneDNN adds none to gradients
  p.c.activated = p.c.slope = 0;
  if (later) p.c.bias = 0;
  float *x = j->x + p.x, *y = j->y + p.y, *w = j->sums && i > 0 ? j->sums + (i - 1) * j->weights : j->w;
  int status;
  if (dr_is_few(&p.c)) {
    status = dr_few(&p.c, x, w, y, bias);
  } else if (dr_is_patches(&p.c)) {
    status = dr_patches(&p.c, x, w, y);
  } else {
    dr_primitive *primitive = dr_acquire(&p.c, &status);
    if (primitive) {
      status = dr_run(primitive, x, w, y, later ? NULL : bias);
      dr_release(primitive);
    }
  }
  if (status != dnnl_success) atomic_store(&j->status, status);
  else if (later || activated)
    finish(c->kind == DR_FORWARD ? y : x, pixels, c->kind == DR_FORWARD ? c->k : c->c, later ? bias : NULL, (int)activated, slope);
}

// mirror writes the kernel with its rows and columns in reverse order.
static void mirror(const dr_conv *c, const float *from, float *to) {
  for (int64_t g = 0; g < c->groups; g++)
    for (int64_t h = 0; h < c->kh; h++)
      for (int64_t w = 0; w < c->kw; w++)
        for (int64_t o = 0; o < c->k / c->groups; o++)
          for (int64_t i = 0; i < c->c / c->groups; i++) {
            int64_t at = g * c->wg + o * c->wo + i * c->wi;
            to[at + h * c->wh + w * c->ww] = from[at + (c->kh - 1 - h) * c->wh + (c->kw - 1 - w) * c->ww];
          }
}

static atomic_int_least64_t calls, nanoseconds;
int64_t dr_calls(void) { return atomic_load(&calls); }
int64_t dr_nanoseconds(void) { return atomic_load(&nanoseconds); }

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// ---- the time of each convolution, while somebody wants to know ----

enum { TIMED = 256 };
static atomic_int timing;
static pthread_mutex_t timed_mutex = PTHREAD_MUTEX_INITIALIZER;
static dr_timing timed[TIMED];
static int timed_count;

void dr_time_each(int on) {
  pthread_mutex_lock(&timed_mutex);
  timed_count = 0;
  pthread_mutex_unlock(&timed_mutex);
  atomic_store(&timing, on);
}

static void record(const dr_conv *c, int64_t spent) {
  pthread_mutex_lock(&timed_mutex);
  int i = 0;
  while (i < timed_count && memcmp(&timed[i].conv, c, sizeof *c)) i++;
  if (i == timed_count && i < TIMED) timed[timed_count++] = (dr_timing){.conv = *c};
  if (i < timed_count) timed[i].calls++, timed[i].nanoseconds += spent;
  pthread_mutex_unlock(&timed_mutex);
}

int dr_timings(dr_timing *to, int room) {
  pthread_mutex_lock(&timed_mutex);
  int n = timed_count < room ? timed_count : room;
  memcpy(to, timed, n * sizeof *to);
  pthread_mutex_unlock(&timed_mutex);
  return n;
}

static XLA_FFI_Error *convolve(XLA_FFI_CallFrame *, dr_conv *);

XLA_FFI_Error *dr_handler(XLA_FFI_CallFrame *f) {
  int64_t start = now();
  dr_conv c;
  XLA_FFI_Error *e = convolve(f, &c);
  int64_t spent = now() - start;
  atomic_fetch_add(&calls, 1);
  atomic_fetch_add(&nanoseconds, spent);
  if (!e && atomic_load(&timing)) record(&c, spent);
  return e;
}

static XLA_FFI_Error *convolve(XLA_FFI_CallFrame *f, dr_conv *c) {
  if (f->struct_size < sizeof *f) return dr_error(f, XLA_FFI_INTERNAL, "this plugin's call frame is not known here");
  if (!read_conv(f, c)) return dr_error(f, XLA_FFI_INVALID_ARGUMENT, "a call without the shapes of its convolution");
  int64_t nx = c->n * c->h * c->w * c->c, ny = c->n * c->oh * c->ow * c->k, nw = c->k * (c->c / c->groups) * c->kh * c->kw;
  int64_t last = (c->groups - 1) * c->wg + (c->k / c->groups - 1) * c->wo + (c->c / c->groups - 1) * c->wi + (c->kh - 1) * c->wh +
                 (c->kw - 1) * c->ww;
  job j = {.c = c, .weights = nw};
  switch (c->kind) {
    case DR_FORWARD:
      j.x = dr_buffer(&f->args, 0, nx), j.w = dr_buffer(&f->args, 1, nw), j.y = dr_buffer(&f->rets, 0, ny);
      break;
    case DR_BACKWARD_DATA:
      j.y = dr_buffer(&f->args, 0, ny), j.w = dr_buffer(&f->args, 1, nw), j.x = dr_buffer(&f->rets, 0, nx);
      break;
    default:
      j.x = dr_buffer(&f->args, 0, nx), j.y = dr_buffer(&f->args, 1, ny), j.w = dr_buffer(&f->rets, 0, nw);
  }
  if (c->bias) j.bias = dr_buffer(&f->args, 2, c->kind == DR_FORWARD ? c->k : c->c);
  if (!j.x || !j.w || !j.y || (c->bias && !j.bias) || last != nw - 1) return fail(f, XLA_FFI_INVALID_ARGUMENT, c, "the buffers are not of these shapes");

  if (c->flip) {
    float *w = dr_workspace(1, sizeof(float) * nw);
    if (!w) return fail(f, XLA_FFI_RESOURCE_EXHAUSTED, c, "out of memory");
    mirror(c, j.w, w);
    j.w = w;
  }
  c->flip = 0;  // from here on it makes no difference
  dr_split(c, dr_threads(), &j.batch_parts, &j.row_parts);
  int parts = j.batch_parts * j.row_parts;
  if (c->kind == DR_BACKWARD_WEIGHTS && parts > 1) {
    j.sums = dr_workspace(1, sizeof(float) * nw * (parts - 1));
    if (!j.sums) return fail(f, XLA_FFI_RESOURCE_EXHAUSTED, c, "out of memory");
  }
  dr_parallel(f, parts, run_part, &j);
  int status = atomic_load(&j.status);
  if (status == dnnl_out_of_memory) return fail(f, XLA_FFI_RESOURCE_EXHAUSTED, c, "out of memory");
  if (status != dnnl_success) return fail(f, XLA_FFI_INTERNAL, c, "failed");
  if (j.sums)
    for (int i = 0; i < parts - 1; i++)  // in a fixed order, so that every run gives the same bits
      for (int64_t k = 0; k < nw; k++) j.w[k] += j.sums[i * nw + k];
  return NULL;
}

int dr_accepts(const dr_conv *conv, char *impl, size_t size) {
  dr_conv c = *conv;
  c.flip = c.activated = c.slope = 0;
  if (c.kind == DR_BACKWARD_DATA) c.bias = 0;
  if (dr_is_few(&c) || dr_is_patches(&c)) {
    snprintf(impl, size, "matrix product");
    return 1;
  }
  int batch_parts, row_parts, ok = 1;
  dr_split(&c, dr_threads(), &batch_parts, &row_parts);
  for (int i = 0; i < batch_parts * row_parts && ok; i++) {
    dr_part p;
    int status;
    dr_make_part(&c, batch_parts, row_parts, i, &p);
    dr_primitive *primitive = dr_acquire(&p.c, &status);
    ok = primitive != NULL;
    if (primitive) {
      snprintf(impl, size, "%s", primitive->impl);
      ok = strncmp(impl, "ref", 3) != 0;  // the reference implementation is a plain loop
      dr_release(primitive);
    }
  }
  return ok;
}
