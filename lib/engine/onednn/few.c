//go:build linux && amd64 && cgo

#include "few.h"
#include <string.h>
#include "primitive.h"

enum { FEW = 3, BLOCK = 64 << 10 };  // channels; floats of products at a time, to stay in the cache

int dr_is_few(const dr_conv *c) {
  if (c->groups > 1) return 0;
  if (c->kind == DR_BACKWARD_DATA) return c->c <= FEW && c->k > FEW;
  return c->kind == DR_FORWARD && c->sh == 1 && c->sw == 1 && c->k <= FEW && c->c > FEW;
}

// spread is a convolution seen from its input's pixels: pixel (i, j) adds its products to the pixels
// (i*sh - top + a*dh, j*sw - left + b*dw) of the result, for every tap (a, b).
typedef struct {
  int64_t rows, columns, channels;              // of the input
  int64_t out_rows, out_columns, out_channels;  // of the result
  int64_t kh, kw, sh, sw, dh, dw, top, left;
} spread;

static inline void add(float *to, const float *from, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

static inline __attribute__((always_inline)) void add_row_of(float *to, const float *products, const spread *s, int64_t step,
                                                             int64_t segment) {
  for (int64_t j = 0; j < s->columns; j++, products += step) {
    int64_t at = j * s->sw - s->left;
    if (s->dw == 1 && at >= 0 && at + s->kw <= s->out_columns) {  // the taps of a row lie side by side
      add(to + at * s->out_channels, products, segment);
      continue;
    }
    for (int64_t b = 0; b < s->kw; b++, at += s->dw)
      if (at >= 0 && at < s->out_columns) add(to + at * s->out_channels, products + b * s->out_channels, s->out_channels);
  }
}

// add_row adds one row of taps of one row of pixels to a row of the result; short rows of taps are unrolled.
static void add_row(float *to, const float *products, const spread *s, int64_t step) {
  switch (s->kw * s->out_channels) {
    case 1: add_row_of(to, products, s, step, 1); break;
    case 2: add_row_of(to, products, s, step, 2); break;
    case 3: add_row_of(to, products, s, step, 3); break;
    case 4: add_row_of(to, products, s, step, 4); break;
    case 5: add_row_of(to, products, s, step, 5); break;
    case 9: add_row_of(to, products, s, step, 9); break;
    case 12: add_row_of(to, products, s, step, 12); break;
    default: add_row_of(to, products, s, step, s->kw * s->out_channels);
  }
}

int dr_few(const dr_conv *c, const float *x, const float *w, const float *y, float *result) {
  int data = c->kind == DR_BACKWARD_DATA;
  spread s = {c->oh, c->ow, c->k, c->h, c->w, c->c, c->kh, c->kw, c->sh, c->sw, c->dh, c->dw, c->top, c->left};
  int64_t w_in = c->wo, w_out = c->wi;
  const float *in = y;
  if (!data)  // a forward convolution of stride 1 spreads through the mirrored kernel
    s = (spread){c->h, c->w, c->c, c->oh, c->ow, c->k, c->kh, c->kw, 1, 1, c->dh, c->dw,
                 (c->kh - 1) * c->dh - c->top, (c->kw - 1) * c->dw - c->left},
    w_in = c->wi, w_out = c->wo, in = x;

  int64_t step = s.kh * s.kw * s.out_channels;  // products of one pixel
  int64_t block = BLOCK / (step * s.columns);
  if (block < 1) block = 1;
  if (block > s.rows) block = s.rows;
  float *matrix = dr_workspace(0, sizeof(float) * step * (s.channels + block * s.columns));
  if (!matrix) return dnnl_out_of_memory;
  float *products = matrix + step * s.channels, *m = matrix;
  for (int64_t i = 0; i < s.channels; i++)
    for (int64_t a = 0; a < s.kh; a++)
      for (int64_t b = 0; b < s.kw; b++)
        for (int64_t o = 0; o < s.out_channels; o++)
          *m++ = w[i * w_in + o * w_out + (data ? a : s.kh - 1 - a) * c->wh + (data ? b : s.kw - 1 - b) * c->ww];

  dr_one_thread();
  memset(result, 0, sizeof(float) * c->n * s.out_rows * s.out_columns * s.out_channels);
  for (int64_t n = 0; n < c->n; n++, result += s.out_rows * s.out_columns * s.out_channels)
    for (int64_t from = 0; from < s.rows; from += block) {
      int64_t rows = from + block < s.rows ? block : s.rows - from, pixels = rows * s.columns;
      int status = dr_dnnl.sgemm('N', 'N', pixels, step, s.channels, 1, in, s.channels, matrix, step, 0, products, step);
      if (status != dnnl_success) return status;
      in += pixels * s.channels;
      for (int64_t i = 0; i < rows; i++)
        for (int64_t a = 0; a < s.kh; a++) {
          int64_t r = (from + i) * s.sh - s.top + a * s.dh;
          if (r >= 0 && r < s.out_rows)
            add_row(result + r * s.out_columns * s.out_channels, products + i * s.columns * step + a * s.kw * s.out_channels, &s, step);
        }
    }
  return dnnl_success;
}
