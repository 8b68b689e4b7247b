//go:build linux && amd64 && cgo

#include "few.h"
#include <string.h>
#include "primitive.h"

enum { FEW = 3, BLOCK = 64 << 10, SUMMED = 256 };  // channels; floats of products at a time, to stay in the cache; pixels that float32 sums

int dr_is_few(const dr_conv *c) {
  if (c->groups > 1) return 0;
  if (c->kind == DR_BACKWARD_DATA) return c->c <= FEW && c->k > FEW;
  return c->sh == 1 && c->sw == 1 && c->k <= FEW && c->c > FEW;
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

// gather_row is the mirror image of add_row: pixel j takes its row of taps from the pixels j - left + b*dw of a row of y.
static void gather_row(float *to, const float *y, int64_t columns, int64_t y_columns, int64_t channels, int64_t kw, int64_t dw,
                       int64_t left, int64_t step) {
  for (int64_t j = 0; j < columns; j++, to += step) {
    int64_t at = j - left;
    if (dw == 1 && at >= 0 && at + kw <= y_columns) {
      for (int64_t i = 0; i < kw * channels; i++) to[i] = y[at * channels + i];
      continue;
    }
    for (int64_t b = 0; b < kw; b++, at += dw)
      for (int64_t k = 0; k < channels; k++) to[b * channels + k] = at >= 0 && at < y_columns ? y[at * channels + k] : 0;
  }
}

// few_weights is the kernel's gradient for y of few channels and stride 1: every pixel of x gathers the pixels of y that it
// contributes to, and a matrix product sums over the pixels of a block; the blocks are summed in float64.
static int few_weights(const dr_conv *c, const float *x, const float *y, float *w) {
  int64_t row = c->kw * c->k, step = c->kh * row, left = (c->kw - 1) * c->dw - c->left;
  int64_t block = BLOCK / (step * c->w), values = step * c->c;
  if (block > SUMMED / c->w) block = SUMMED / c->w;
  if (block < 1) block = 1;
  if (block > c->h) block = c->h;
  double *sum = dr_workspace(0, sizeof(double) * values + sizeof(float) * (values + step * block * c->w));
  if (!sum) return dnnl_out_of_memory;
  memset(sum, 0, sizeof(double) * values);
  float *product = (float *)(sum + values), *taps = product + values;
  dr_one_thread();
  for (int64_t n = 0; n < c->n; n++, y += c->oh * c->ow * c->k)
    for (int64_t from = 0; from < c->h; from += block) {
      int64_t rows = from + block < c->h ? block : c->h - from, pixels = rows * c->w;
      for (int64_t i = 0; i < rows; i++)
        for (int64_t a = 0; a < c->kh; a++) {
          float *to = taps + i * c->w * step + a * row;
          int64_t r = from + i + c->top - a * c->dh;
          if (r >= 0 && r < c->oh) gather_row(to, y + r * c->ow * c->k, c->w, c->ow, c->k, c->kw, c->dw, left, step);
          else
            for (int64_t j = 0; j < c->w; j++) memset(to + j * step, 0, sizeof(float) * row);
        }
      int status = dr_dnnl.sgemm('T', 'N', step, c->c, pixels, 1, taps, step, x, c->c, 0, product, c->c);
      if (status != dnnl_success) return status;
      for (int64_t i = 0; i < values; i++) sum[i] += product[i];
      x += pixels * c->c;
    }
  for (int64_t a = 0; a < c->kh; a++)
    for (int64_t b = 0; b < c->kw; b++)
      for (int64_t k = 0; k < c->k; k++, sum += c->c)
        for (int64_t i = 0; i < c->c; i++) w[a * c->wh + (c->kw - 1 - b) * c->ww + k * c->wo + i * c->wi] = (float)sum[i];
  return dnnl_success;
}

int dr_few(const dr_conv *c, float *x, float *w, float *y, const float *bias) {
  if (c->kind == DR_BACKWARD_WEIGHTS) return few_weights(c, x, y, w);
  int data = c->kind == DR_BACKWARD_DATA;
  spread s = {c->oh, c->ow, c->k, c->h, c->w, c->c, c->kh, c->kw, c->sh, c->sw, c->dh, c->dw, c->top, c->left};
  int64_t w_in = c->wo, w_out = c->wi;
  const float *in = y;
  float *result = x;
  if (!data)  // a forward convolution of stride 1 spreads through the mirrored kernel
    s = (spread){c->h, c->w, c->c, c->oh, c->ow, c->k, c->kh, c->kw, 1, 1, c->dh, c->dw,
                 (c->kh - 1) * c->dh - c->top, (c->kw - 1) * c->dw - c->left},
    w_in = c->wi, w_out = c->wo, in = x, result = y;

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
  int64_t pixels_out = c->n * s.out_rows * s.out_columns;
  if (!bias) memset(result, 0, sizeof(float) * pixels_out * s.out_channels);
  else
    for (int64_t i = 0; i < pixels_out; i++) memcpy(result + i * s.out_channels, bias, sizeof(float) * s.out_channels);
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
