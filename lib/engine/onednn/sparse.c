//go:build linux && amd64 && cgo

// What the handlers of lib/sparse share.
#include <immintrin.h>
#include "sparse.h"

void *dr_matrix(const XLA_FFI_Values *values, int64_t i, int dtype, int64_t *rows, int64_t *columns) {
  if (i >= values->size || values->types[i] != XLA_FFI_BUFFER) return NULL;
  const XLA_FFI_Buffer *b = values->values[i];
  if (b->dtype != dtype || b->rank != 2 || b->dims[0] < 1 || b->dims[1] < 1) return NULL;
  *rows = b->dims[0], *columns = b->dims[1];
  return b->data;
}

DR_AVX2 void dr_less(float *restrict to, const float *restrict x, float by, int64_t n) {
  for (int64_t k = 0; k < n; k++) to[k] -= by * x[k];
}

DR_AVX2 float dr_dot(const float *x, const float *y, int64_t n) {
  __m256 sum = _mm256_setzero_ps();
  int64_t k = 0;
  for (; k + 8 <= n; k += 8) sum = _mm256_fmadd_ps(_mm256_loadu_ps(x + k), _mm256_loadu_ps(y + k), sum);
  float lanes[8], total = 0;
  _mm256_storeu_ps(lanes, sum);
  for (int i = 0; i < 8; i++) total += lanes[i];
  for (; k < n; k++) total += x[k] * y[k];
  return total;
}

DR_AVX2 int64_t dr_largest(const float *x, const float *scale, int64_t n, float *value) {
  const __m256 positive = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
  __m256 most = _mm256_setzero_ps();
  __m256i at = _mm256_set1_epi32(-1), now = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  int64_t k = 0;
  for (; k + 8 <= n; k += 8) {
    __m256 v = _mm256_mul_ps(_mm256_and_ps(_mm256_loadu_ps(x + k), positive), _mm256_loadu_ps(scale + k));
    __m256 more = _mm256_cmp_ps(v, most, _CMP_GT_OQ);
    most = _mm256_blendv_ps(most, v, more);
    at = _mm256_blendv_epi8(at, now, _mm256_castps_si256(more));
    now = _mm256_add_epi32(now, _mm256_set1_epi32(8));
  }
  float lanes[8], best = 0;
  int32_t places[8];
  _mm256_storeu_ps(lanes, most);
  _mm256_storeu_si256((__m256i *)places, at);
  int64_t place = -1;
  for (int i = 0; i < 8; i++)
    if (lanes[i] > best || (lanes[i] == best && places[i] >= 0 && places[i] < place)) best = lanes[i], place = places[i];
  for (; k < n; k++) {
    float v = (x[k] < 0 ? -x[k] : x[k]) * scale[k];
    if (v > best) best = v, place = k;
  }
  *value = best;
  return place;
}

const float *dr_row(const dr_seen *s, int64_t signal, int64_t atom, float *room) {
  if (s->gram) return s->gram + atom * s->atoms;
  float *seen = room + s->atoms;
  const float *mask = s->masks + signal * s->size, *own = s->d + atom * s->size;
  for (int64_t i = 0; i < s->size; i++) seen[i] = mask[i] * own[i];
  for (int64_t j = 0; j < s->atoms; j++) room[j] = dr_dot(s->d + j * s->size, seen, s->size);
  return room;
}
