//go:build linux && amd64 && cgo

#include "split.h"

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

// share gives part i of n things: as even as can be, the larger parts first.
static void share(int64_t n, int parts, int i, int64_t *from, int64_t *to) {
  int64_t each = n / parts, more = n % parts;
  *from = i * each + min64(i, more);
  *to = *from + each + (i < more);
}

// y_rows makes p the part of c that has the rows [from, to) of y. Returns 0 if there is no such part that oneDNN can do.
static int y_rows(const dr_conv *c, int64_t from, int64_t to, dr_part *p) {
  int64_t first = from * c->sh - c->top, end = (to - 1) * c->sh - c->top + (c->kh - 1) * c->dh + 1;
  int64_t x0 = max64(first, 0), x1 = min64(end, c->h);
  if (x0 >= x1) return 0;
  p->c.oh = to - from;
  p->c.h = x1 - x0;
  p->c.top = x0 - first;
  p->c.bottom = end - x1;
  p->x += x0 * c->w * c->c;
  p->y += from * c->ow * c->k;
  return 1;
}

// x_rows makes p the part of c that has the rows [from, to) of x.
static int x_rows(const dr_conv *c, int64_t from, int64_t to, dr_part *p) {
  int64_t reach = (c->kh - 1) * c->dh;
  int64_t y0 = max64(from + c->top - reach + c->sh - 1, 0) / c->sh;
  int64_t y1 = min64((to - 1 + c->top) / c->sh + 1, c->oh);
  int64_t top = from + c->top - y0 * c->sh;
  if (y0 >= y1 || top < 0) return 0;
  int64_t bottom = (y1 - y0 - 1) * c->sh + reach + 1 - (to - from) - top;
  if (bottom < 0 && bottom + c->sh > 0) bottom = 0;
  if (bottom < 0) return 0;
  p->c.h = to - from;
  p->c.oh = y1 - y0;
  p->c.top = top;
  p->c.bottom = bottom;
  p->x += from * c->w * c->c;
  p->y += y0 * c->ow * c->k;
  return 1;
}

static int rows(const dr_conv *c, int row_parts, int i, dr_part *p) {
  int64_t from, to;
  if (c->kind == DR_BACKWARD_DATA) {
    share(c->h, row_parts, i, &from, &to);
    return x_rows(c, from, to, p);
  }
  share(c->oh, row_parts, i, &from, &to);
  return y_rows(c, from, to, p);
}

// PARTS_EACH are the parts for a thread, so that one that is held up leaves its work to the others; SUMS_EACH those of a kernel's gradient, each of
// which sums in float32.
enum { PARTS_EACH = 4, SUMS_EACH = 8 };

void dr_split(const dr_conv *c, int threads, int *batch_parts, int *row_parts) {
  int sums = c->kind == DR_BACKWARD_WEIGHTS, parts = threads;
  int64_t kernel = c->k * (c->c / c->groups) * c->kh * c->kw, image = c->h * c->w * c->c + c->oh * c->ow * c->k;
  for (int each = 2; each <= (sums ? SUMS_EACH : PARTS_EACH); each++)  // every part lays the kernel out anew
    if (c->n * image / (threads * each) >= kernel && (sums || c->n >= threads * each)) parts = threads * each;
  *batch_parts = (int)min64(parts, c->n);
  *row_parts = 1;
  if (c->n >= parts) return;
  int want = (int)((parts + c->n - 1) / c->n);
  want = (int)min64(want, (c->kind == DR_BACKWARD_DATA ? c->h : c->oh) / 4);  // fewer rows do not pay
  for (int i = 0; i < want; i++) {
    dr_part p = {.c = *c};
    if (!rows(c, want, i, &p)) return;
  }
  if (want > 1) *row_parts = want;
}

void dr_make_part(const dr_conv *c, int batch_parts, int row_parts, int i, dr_part *p) {
  int64_t from, to;
  share(c->n, batch_parts, i / row_parts, &from, &to);
  *p = (dr_part){.c = *c, .x = from * c->h * c->w * c->c, .y = from * c->oh * c->ow * c->k};
  p->c.n = to - from;
  if (row_parts > 1) rows(c, row_parts, i % row_parts, p);  // dr_split has seen that they all exist
}
