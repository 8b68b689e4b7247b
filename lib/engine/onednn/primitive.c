//go:build linux && amd64 && cgo

#include "primitive.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// ---- making one ----

static int describe(dnnl_memory_desc_t *md, int n, const int64_t *dims, const int64_t *strides) {
  return dr_dnnl.memory_desc_create_with_strides(md, n, dims, dnnl_f32, strides);
}

static int make_reorder(dnnl_primitive_t *r, dnnl_memory_desc_t from, dnnl_memory_desc_t to) {
  dnnl_primitive_desc_t pd = NULL;
  int s = dr_dnnl.reorder_primitive_desc_create(&pd, from, dr_engine, to, dr_engine, NULL);
  if (s == dnnl_success) s = dr_dnnl.primitive_create(r, pd);
  if (pd) dr_dnnl.primitive_desc_destroy(pd);
  return s;
}

// make_pd describes the primitive: activations as they lie, the kernel in whatever form is fastest.
static int make_pd(const dr_primitive *p, dnnl_primitive_desc_t *pd) {
  const dr_conv *c = &p->key;
  dnnl_dims_t stride = {c->sh, c->sw}, dilate = {c->dh - 1, c->dw - 1}, near = {c->top, c->left}, far = {c->bottom, c->right};
  int grouped = c->groups > 1;
  dnnl_dims_t wdims = {c->groups, c->k / c->groups, c->c / c->groups, c->kh, c->kw};
  dnnl_memory_desc_t any = NULL, x = p->user[DR_X], y = p->user[DR_Y];
  dnnl_primitive_attr_t attr = NULL;
  dnnl_primitive_desc_t forward = NULL;
  int s = dr_dnnl.memory_desc_create_with_tag(&any, 4 + grouped, wdims + !grouped, dnnl_f32, dnnl_format_any);
  if (s == dnnl_success) s = dr_dnnl.primitive_attr_create(&attr);
  if (s == dnnl_success) s = dr_dnnl.primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_user);
  if (s == dnnl_success)
    s = dr_dnnl.convolution_forward_primitive_desc_create(
        &forward, dr_engine, c->kind == DR_FORWARD ? dnnl_forward_inference : dnnl_forward_training, dnnl_convolution_direct, x, any,
        p->bias, y, stride, dilate, near, far, attr);
  if (s == dnnl_success && c->kind == DR_BACKWARD_DATA)
    s = dr_dnnl.convolution_backward_data_primitive_desc_create(pd, dr_engine, dnnl_convolution_direct, x, any, y, stride, dilate,
                                                                near, far, forward, attr);
  if (s == dnnl_success && c->kind == DR_BACKWARD_WEIGHTS)
    s = dr_dnnl.convolution_backward_weights_primitive_desc_create(pd, dr_engine, dnnl_convolution_direct, x, any, NULL, y, stride,
                                                                   dilate, near, far, forward, attr);
  if (s == dnnl_success && c->kind == DR_FORWARD) {
    *pd = forward;
    forward = NULL;
  }
  if (forward) dr_dnnl.primitive_desc_destroy(forward);
  if (attr) dr_dnnl.primitive_attr_destroy(attr);
  if (any) dr_dnnl.memory_desc_destroy(any);
  return s;
}

static int make(dr_primitive *p) {
  const dr_conv *c = &p->key;
  int64_t n = c->n, g = c->groups, grouped = g > 1;
  dnnl_dims_t xd = {n, c->c, c->h, c->w}, xs = {c->h * c->w * c->c, 1, c->w * c->c, c->c};
  dnnl_dims_t yd = {n, c->k, c->oh, c->ow}, ys = {c->oh * c->ow * c->k, 1, c->ow * c->k, c->k};
  dnnl_dims_t wd = {g, c->k / g, c->c / g, c->kh, c->kw}, ws = {c->wg, c->wo, c->wi, c->wh, c->ww};
  dnnl_primitive_desc_t pd = NULL;
  int s = describe(&p->user[DR_X], 4, xd, xs);
  if (s == dnnl_success) s = describe(&p->user[DR_W], 4 + (int)grouped, wd + !grouped, ws + !grouped);
  if (s == dnnl_success) s = describe(&p->user[DR_Y], 4, yd, ys);
  if (s == dnnl_success && c->bias) s = describe(&p->bias, 1, yd + 1, ys + 1);
  if (s == dnnl_success) s = make_pd(p, &pd);
  if (s != dnnl_success) return s;

  static const int query[3][3] = {{dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md},
                                  {dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md},
                                  {dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md}};
  static const int result[3] = {DR_Y, DR_X, DR_W};
  for (int i = 0; i < 3 && s == dnnl_success; i++) {
    s = dr_dnnl.memory_desc_clone(&p->inner[i], dr_dnnl.primitive_desc_query_md(pd, query[c->kind][i], 0));
    if (s != dnnl_success || dr_dnnl.memory_desc_equal(p->inner[i], p->user[i])) continue;
    p->inner_size[i] = dr_dnnl.memory_desc_get_size(p->inner[i]);
    s = i == result[c->kind] ? make_reorder(&p->reorder[i], p->inner[i], p->user[i])
                             : make_reorder(&p->reorder[i], p->user[i], p->inner[i]);
  }
  if (s == dnnl_success) s = dr_dnnl.memory_desc_clone(&p->scratch, dr_dnnl.primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0));
  if (s == dnnl_success) {
    p->scratch_size = dr_dnnl.memory_desc_get_size(p->scratch);
    const char *impl = NULL;
    if (dr_dnnl.primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &impl) == dnnl_success && impl)
      strncpy(p->impl, impl, sizeof p->impl - 1);
    s = dr_dnnl.primitive_create(&p->primitive, pd);
  }
  dr_dnnl.primitive_desc_destroy(pd);
  return s;
}

static void destroy(dr_primitive *p) {
  for (int i = 0; i < 3; i++) {
    if (p->user[i]) dr_dnnl.memory_desc_destroy(p->user[i]);
    if (p->inner[i]) dr_dnnl.memory_desc_destroy(p->inner[i]);
    if (p->reorder[i]) dr_dnnl.primitive_destroy(p->reorder[i]);
  }
  if (p->scratch) dr_dnnl.memory_desc_destroy(p->scratch);
  if (p->bias) dr_dnnl.memory_desc_destroy(p->bias);
  if (p->primitive) dr_dnnl.primitive_destroy(p->primitive);
  free(p);
}

// ---- the cache: the least recently used goes when it is full ----

#ifndef DR_CACHE  // CGO_CFLAGS=-DDR_CACHE=4 go test: with hardly any
#define DR_CACHE 512
#endif
enum { CACHE = DR_CACHE };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static dr_primitive *cache[CACHE];
static int cached;
static uint64_t now;

int dr_cached(void) {
  pthread_mutex_lock(&mutex);
  int n = cached;
  pthread_mutex_unlock(&mutex);
  return n;
}

// oldest makes room: it destroys the least recently used primitive that nobody is using, and returns its place, or -1.
static int oldest(void) {
  int slot = -1;
  for (int i = 0; i < CACHE; i++)
    if (!cache[i]->users && (slot < 0 || cache[i]->used_at < cache[slot]->used_at)) slot = i;
  if (slot >= 0) destroy(cache[slot]);
  return slot;
}

dr_primitive *dr_acquire(const dr_conv *c, int *status) {
  *status = dnnl_success;
  pthread_mutex_lock(&mutex);
  dr_primitive *p = NULL;
  for (int i = 0; i < cached && !p; i++)
    if (!memcmp(&cache[i]->key, c, sizeof *c)) p = cache[i];
  if (!p) {
    p = calloc(1, sizeof *p);
    *status = p ? dnnl_success : dnnl_out_of_memory;
    if (p) {
      p->key = *c;
      dr_one_thread();
      *status = make(p);
    }
    if (p && *status != dnnl_success) {
      destroy(p);
      p = NULL;
    }
    if (p) {
      int slot = cached < CACHE ? cached++ : oldest();
      if (slot >= 0) cache[slot] = p;
      else p->users = -1;  // every one is in use: this one is not kept
    }
  }
  if (p) {
    if (p->users >= 0) p->users++;
    p->used_at = ++now;
  }
  pthread_mutex_unlock(&mutex);
  return p;
}

void dr_release(dr_primitive *p) {
  pthread_mutex_lock(&mutex);
  int kept = p->users > 0;
  if (kept) p->users--;
  pthread_mutex_unlock(&mutex);
  if (!kept) destroy(p);
}

// ---- running one ----

enum { SLOTS = 2, ALIGN = 4096 };
typedef struct {
  void *room[SLOTS];
  size_t size[SLOTS];
  dnnl_stream_t stream;
} local;
static pthread_key_t local_key;
static pthread_once_t local_once = PTHREAD_ONCE_INIT;

static void local_free(void *p) {
  local *l = p;
  for (int i = 0; i < SLOTS; i++) free(l->room[i]);
  if (l->stream) dr_dnnl.stream_destroy(l->stream);
  free(l);
}

static void local_init(void) { pthread_key_create(&local_key, local_free); }

static local *this_thread(void) {
  pthread_once(&local_once, local_init);
  local *l = pthread_getspecific(local_key);
  if (!l && (l = calloc(1, sizeof *l)) && pthread_setspecific(local_key, l)) {
    free(l);
    l = NULL;
  }
  return l;
}

static size_t round_up(size_t n) { return (n + ALIGN - 1) / ALIGN * ALIGN; }

void *dr_workspace(int slot, size_t size) {
  local *l = this_thread();
  if (!l) return NULL;
  if (l->size[slot] < size) {
    free(l->room[slot]);
    l->size[slot] = 0;
    l->room[slot] = aligned_alloc(ALIGN, round_up(size));
    if (l->room[slot]) l->size[slot] = size;
  }
  return l->room[slot];
}

static int reorder(dnnl_primitive_t r, dnnl_stream_t stream, dnnl_memory_t from, dnnl_memory_t to) {
  dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  return dr_dnnl.primitive_execute(r, stream, 2, args);
}

int dr_run(dr_primitive *p, float *x, float *w, float *y, const float *bias) {
  static const int arg[3][3] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                                {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
                                {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
  static const int result[3] = {DR_Y, DR_X, DR_W};
  int kind = (int)p->key.kind, out = result[kind], s = dnnl_success;
  float *data[3] = {x, w, y};
  size_t need = round_up(p->scratch_size);
  for (int i = 0; i < 3; i++) need += round_up(p->inner_size[i]);
  char *room = need ? dr_workspace(0, need) : NULL;
  local *l = this_thread();
  if (!l || (need && !room)) return dnnl_out_of_memory;
  dr_one_thread();
  if (!l->stream) s = dr_dnnl.stream_create(&l->stream, dr_engine, dnnl_stream_default);

  dnnl_memory_t user[3] = {0}, inner[3] = {0}, scratch = NULL, added = NULL;
  dnnl_exec_arg_t args[5];
  for (int i = 0; i < 3 && s == dnnl_success; i++) {
    s = dr_dnnl.memory_create(&user[i], p->user[i], dr_engine, data[i]);
    if (s == dnnl_success && p->reorder[i]) {
      s = dr_dnnl.memory_create(&inner[i], p->inner[i], dr_engine, room);
      room += round_up(p->inner_size[i]);
      if (s == dnnl_success && i != out) s = reorder(p->reorder[i], l->stream, user[i], inner[i]);
    }
    args[i] = (dnnl_exec_arg_t){arg[kind][i], inner[i] ? inner[i] : user[i]};
  }
  int n = 3;
  if (s == dnnl_success && p->scratch_size) {
    s = dr_dnnl.memory_create(&scratch, p->scratch, dr_engine, room);
    args[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, scratch};
  }
  if (s == dnnl_success && p->bias) {
    s = dr_dnnl.memory_create(&added, p->bias, dr_engine, (void *)bias);
    args[n++] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, added};
  }
  if (s == dnnl_success) s = dr_dnnl.primitive_execute(p->primitive, l->stream, n, args);
  if (s == dnnl_success && p->reorder[out]) s = reorder(p->reorder[out], l->stream, inner[out], user[out]);
  if (l->stream) dr_dnnl.stream_wait(l->stream);
  for (int i = 0; i < 3; i++) {
    if (user[i]) dr_dnnl.memory_destroy(user[i]);
    if (inner[i]) dr_dnnl.memory_destroy(inner[i]);
  }
  if (scratch) dr_dnnl.memory_destroy(scratch);
  if (added) dr_dnnl.memory_destroy(added);
  return s;
}
