//go:build linux && amd64 && cgo

#include "patches.h"
#include <string.h>
#include "primitive.h"

enum { BLOCK = 96 << 10, AVX512 = 0x27 };  // floats of patches at a time, to stay in the cache; oneDNN's number

int dr_is_patches(const dr_conv *c) {
  return c->kind == DR_BACKWARD_WEIGHTS && dr_isa() < AVX512 && c->groups == 1 && c->sh == 1 && c->sw == 1 && c->kh * c->kw > 1 && c->c >= 8 && c->k >= 8;
}

// gather writes what the kernel sees of one image from each pixel of one row of y: kh·kw·c values a pixel.
static void gather(const dr_conv *c, const float *x, int64_t row, float *to) {
  int64_t width = c->kw * c->c;
  for (int64_t j = 0; j < c->ow; j++)
    for (int64_t a = 0; a < c->kh; a++, to += width) {
      int64_t i = row * c->sh - c->top + a * c->dh, at = j * c->sw - c->left;
      const float *line = x + i * c->w * c->c;
      if (i < 0 || i >= c->h) {
        memset(to, 0, sizeof(float) * width);
      } else if (c->dw == 1 && at >= 0 && at + c->kw <= c->w) {
        memcpy(to, line + at * c->c, sizeof(float) * width);
      } else {
        for (int64_t b = 0; b < c->kw; b++, at += c->dw) {
          if (at < 0 || at >= c->w) memset(to + b * c->c, 0, sizeof(float) * c->c);
          else memcpy(to + b * c->c, line + at * c->c, sizeof(float) * c->c);
        }
      }
    }
}

int dr_patches(const dr_conv *c, const float *x, float *w, const float *y) {
  int64_t taps = c->kh * c->kw * c->c, rows = BLOCK / (taps * c->ow);
  if (rows < 1) rows = 1;
  if (rows > c->oh) rows = c->oh;
  float *patches = dr_workspace(0, sizeof(float) * (rows * c->ow * taps + taps * c->k));
  if (!patches) return dnnl_out_of_memory;
  float *sum = patches + rows * c->ow * taps, more = 0;
  dr_one_thread();
  for (int64_t n = 0; n < c->n; n++, x += c->h * c->w * c->c)
    for (int64_t from = 0; from < c->oh; from += rows) {
      int64_t to = from + rows < c->oh ? from + rows : c->oh, pixels = (to - from) * c->ow;
      for (int64_t i = from; i < to; i++) gather(c, x, i, patches + (i - from) * c->ow * taps);
      int s = dr_dnnl.sgemm('T', 'N', taps, c->k, pixels, 1, patches, taps, y, c->k, more, sum, c->k);
      if (s != dnnl_success) return s;
      y += pixels * c->k;
      more = 1;
    }
  for (int64_t a = 0; a < c->kh; a++)
    for (int64_t b = 0; b < c->kw; b++)
      for (int64_t i = 0; i < c->c; i++)
        for (int64_t o = 0; o < c->k; o++) w[a * c->wh + b * c->ww + i * c->wi + o * c->wo] = *sum++;
  return dnnl_success;
}
