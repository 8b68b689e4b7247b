//go:build linux && amd64 && cgo

// The handler of orthogonal matching pursuit (lib/sparse, OMP): the steps of Batch-OMP, each signal by itself and in the cache. W holds the chosen
// atoms' rows of the Gram matrix made orthogonal to one another, L⁻¹G, so that c −= b·w is all that a new atom does to the correlations.
#include <immintrin.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "sparse.h"

static const float smallest = 1e-5f;  // as in omp.go

typedef struct {
  dr_seen seen;
  int64_t n, k;
  int recursive;
  const float *c, *norms, *energy, *enough;  // [n, atoms], [1 or n, atoms], [n] twice
  int64_t each;                              // of the norms: 0 if all signals share them
  int32_t *support;                          // [n, k]
  float *a;                                  // [n, k]
  atomic_int failed;
} job;

// scales are 1/√left, or 0 where next to nothing is left.
DR_AVX2 static void scales(const float *restrict left, float *restrict scale, int64_t n) {
  int64_t j = 0;
  for (; j + 8 <= n; j += 8) {
    __m256 l = _mm256_loadu_ps(left + j), some = _mm256_cmp_ps(l, _mm256_set1_ps(smallest), _CMP_GT_OQ);
    _mm256_storeu_ps(scale + j, _mm256_and_ps(some, _mm256_div_ps(_mm256_set1_ps(1), _mm256_sqrt_ps(l))));
  }
  for (; j < n; j++) scale[j] = left[j] > smallest ? 1 / sqrtf(left[j]) : 0;
}

// take makes the new row of W, and takes what it explains from the correlations and from what is left of the atoms' squares.
DR_AVX2 static void take(float *restrict w, float *restrict c, float *restrict left, float *restrict scale, float inverse, float b, int recursive, int64_t n) {
  for (int64_t j = 0; j < n; j++) {
    float v = w[j] * inverse;
    w[j] = v, left[j] -= v * v;
    c[j] -= b * v;
  }
  if (!recursive)
    for (int64_t j = 0; j < n; j++) scale[j] = left[j] > smallest ? scale[j] : 0;
  else
    scales(left, scale, n);
}

static void pursue(job *j, int64_t signal, float *room, double *lower) {
  int64_t atoms = j->seen.atoms, k = j->k, steps = 0;
  float *c = room, *left = c + atoms, *scale = left + atoms, *w = scale + atoms, *row = w + k * atoms;
  double *beta = lower + k * k, energy = j->energy[signal];
  int32_t *support = j->support + signal * k;
  memcpy(c, j->c + signal * atoms, sizeof(float) * atoms);
  memcpy(left, j->norms + signal * j->each, sizeof(float) * atoms);
  scales(left, scale, atoms);
  for (; steps < k && energy > j->enough[signal]; steps++) {
    float unused;
    int64_t index = dr_largest(c, scale, atoms, &unused);
    if (index < 0 || !(left[index] > smallest)) break;
    float length = sqrtf(left[index]), b = c[index] / length, *own = w + steps * atoms;
    memcpy(own, dr_row(&j->seen, signal, index, row), sizeof(float) * atoms);
    for (int64_t i = 0; i < steps; i++) {
      float h = w[i * atoms + index];
      lower[steps * k + i] = h;
      dr_less(own, w + i * atoms, h, atoms);
    }
    lower[steps * k + steps] = length, beta[steps] = b, support[steps] = index;
    take(own, c, left, scale, 1 / length, b, j->recursive, atoms);
    scale[index] = 0;
    energy -= (double)b * b;
  }
  for (int64_t i = k - 1; i >= 0; i--) {  // Lᵀa = β
    if (i >= steps) {
      support[i] = -1, j->a[signal * k + i] = 0;
      continue;
    }
    double v = beta[i];
    for (int64_t l = i + 1; l < steps; l++) v -= lower[l * k + i] * beta[l];
    j->a[signal * k + i] = beta[i] = v / lower[i * k + i];
  }
}

static void pursue_part(void *arg, int part) {
  job *j = arg;
  int64_t from = (int64_t)part * DR_SIGNALS, to = from + DR_SIGNALS < j->n ? from + DR_SIGNALS : j->n, k = j->k;
  double *lower = malloc(sizeof(double) * (k * k + k) + sizeof(float) * ((k + 4) * j->seen.atoms + j->seen.size));
  if (!lower) {
    atomic_store(&j->failed, 1);
    return;
  }
  for (int64_t i = from; i < to; i++) pursue(j, i, (float *)(lower + k * k + k), lower);
  free(lower);
}

XLA_FFI_Error *dr_omp_handler(XLA_FFI_CallFrame *f) {
  job j = {0};
  int64_t r[9] = {0}, s[9] = {0};
  j.c = dr_matrix(&f->args, 0, XLA_FFI_F32, &r[0], &s[0]);
  j.norms = dr_matrix(&f->args, 1, XLA_FFI_F32, &r[1], &s[1]);
  j.energy = dr_matrix(&f->args, 2, XLA_FFI_F32, &r[2], &s[2]);
  j.enough = dr_matrix(&f->args, 3, XLA_FFI_F32, &r[3], &s[3]);
  const float *options = dr_matrix(&f->args, 4, XLA_FFI_F32, &r[4], &s[4]);
  const float *d = dr_matrix(&f->args, 5, XLA_FFI_F32, &r[5], &s[5]);
  j.support = dr_matrix(&f->rets, 0, XLA_FFI_S32, &r[7], &s[7]);
  j.a = dr_matrix(&f->rets, 1, XLA_FFI_F32, &r[8], &s[8]);
  j.n = r[0], j.k = s[7], j.seen.atoms = s[0], j.seen.size = s[5];
  int ok = j.c && j.norms && j.energy && j.enough && options && d && j.support && j.a && (r[1] == 1 || r[1] == j.n) && s[1] == s[0] && r[2] == j.n && s[2] == 1 &&
           r[3] == j.n && s[3] == 1 && s[4] == 1 && r[4] == 1 && r[5] == j.seen.atoms && r[7] == j.n && r[8] == j.n && s[8] == j.k && j.k <= j.seen.atoms;
  if (ok && f->args.size > 6) {
    j.seen.d = d;
    j.seen.masks = dr_matrix(&f->args, 6, XLA_FFI_F32, &r[6], &s[6]);
    ok = j.seen.masks && r[6] == j.n && s[6] == j.seen.size;
  } else {
    j.seen.gram = d;
    ok = ok && s[5] == j.seen.atoms;
  }
  if (!ok) return dr_error(f, XLA_FFI_INVALID_ARGUMENT, "the buffers of a matching pursuit do not fit");
  j.each = r[1] == 1 ? 0 : j.seen.atoms;
  j.recursive = *options != 0;
  dr_parallel(f, (j.n + DR_SIGNALS - 1) / DR_SIGNALS, pursue_part, &j);
  return atomic_load(&j.failed) ? dr_error(f, XLA_FFI_RESOURCE_EXHAUSTED, "out of memory for a matching pursuit") : NULL;
}
