//go:build linux && amd64 && cgo

// The handler of K-SVD's update of a dictionary (lib/sparse, KSVDStep): one atom after the other, with the signals that use it only.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "sparse.h"

static const float tiny = 1e-12f;  // as in learn.go

typedef struct {
  int64_t n, size, k, atoms;
  const float *y, *mask;     // [n, size]; mask may be NULL
  const int32_t *support;    // [n, k]
  float *d, *a, *r;          // [atoms, size], [n, k], [n, size]
} job;

// put adds by·x to r, where the mask shows it.
DR_AVX2 static void put(float *restrict r, const float *restrict x, const float *restrict mask, float by, int64_t n) {
  if (mask)
    for (int64_t k = 0; k < n; k++) r[k] += by * x[k] * mask[k];
  else
    for (int64_t k = 0; k < n; k++) r[k] += by * x[k];
}

static void residual(void *arg, int part) {
  job *j = arg;
  int64_t from = (int64_t)part * DR_SIGNALS, to = from + DR_SIGNALS < j->n ? from + DR_SIGNALS : j->n;
  for (int64_t i = from; i < to; i++) {
    const float *mask = j->mask ? j->mask + i * j->size : NULL;
    float *r = j->r + i * j->size;
    for (int64_t l = 0; l < j->size; l++) r[l] = mask ? j->y[i * j->size + l] * mask[l] : j->y[i * j->size + l];
    for (int64_t l = 0; l < j->k; l++)
      if (j->a[i * j->k + l] != 0) put(r, j->d + j->support[i * j->k + l] * j->size, mask, -j->a[i * j->k + l], j->size);
  }
}

// update fits one atom to the residuals of its users, which are places in a.
DR_AVX2 static void update(job *j, float *d, const int64_t *users, int64_t count, double *sum, double *square, float *next) {
  int64_t size = j->size;
  double all = 0, length = 0;
  memset(sum, 0, sizeof(double) * size);
  memset(square, 0, sizeof(double) * size);
  for (int64_t u = 0; u < count; u++) {
    int64_t i = users[u] / j->k;
    double a = j->a[users[u]];
    const float *r = j->r + i * size;
    all += a * a;
    for (int64_t l = 0; l < size; l++) sum[l] += a * r[l];
    if (j->mask)
      for (int64_t l = 0; l < size; l++) square[l] += a * a * j->mask[i * size + l];
  }
  if (!(all > tiny)) return;
  for (int64_t l = 0; l < size; l++) {
    double by = j->mask ? square[l] : all;
    sum[l] = d[l] + sum[l] / (by > tiny ? by : tiny);
    length += sum[l] * sum[l];
  }
  length = sqrt(length);
  for (int64_t l = 0; l < size; l++) next[l] = sum[l] / (length > tiny ? length : tiny);
  for (int64_t u = 0; u < count; u++) {
    int64_t i = users[u] / j->k;
    float *r = j->r + i * size, weight = 1;
    const float *mask = j->mask ? j->mask + i * size : NULL;
    put(r, d, mask, j->a[users[u]], size);
    if (mask) {
      weight = 0;
      for (int64_t l = 0; l < size; l++) weight += mask[l] * next[l] * next[l];
      if (weight < 1e-6f) weight = 1e-6f;
    }
    float a = dr_dot(r, next, size) / weight;
    j->a[users[u]] = a;
    put(r, next, mask, -a, size);
  }
  memcpy(d, next, sizeof(float) * size);
}

XLA_FFI_Error *dr_atoms_handler(XLA_FFI_CallFrame *f) {
  job j = {0};
  int64_t r[7] = {0}, s[7] = {0};
  j.y = dr_matrix(&f->args, 0, XLA_FFI_F32, &r[0], &s[0]);
  const float *d = dr_matrix(&f->args, 1, XLA_FFI_F32, &r[1], &s[1]);
  j.support = dr_matrix(&f->args, 2, XLA_FFI_S32, &r[2], &s[2]);
  const float *a = dr_matrix(&f->args, 3, XLA_FFI_F32, &r[3], &s[3]);
  j.d = dr_matrix(&f->rets, 0, XLA_FFI_F32, &r[4], &s[4]);
  j.a = dr_matrix(&f->rets, 1, XLA_FFI_F32, &r[5], &s[5]);
  j.n = r[0], j.size = s[0], j.k = s[2], j.atoms = r[1];
  int ok = j.y && d && j.support && a && j.d && j.a && s[1] == j.size && r[2] == j.n && r[3] == j.n && s[3] == j.k && r[4] == j.atoms && s[4] == j.size &&
           r[5] == j.n && s[5] == j.k;
  if (f->args.size > 4) {
    j.mask = dr_matrix(&f->args, 4, XLA_FFI_F32, &r[6], &s[6]);
    ok = ok && j.mask && r[6] == j.n && s[6] == j.size;
  }
  for (int64_t i = 0; ok && i < j.n * j.k; i++) ok = j.support[i] < j.atoms && (j.support[i] >= 0 || a[i] == 0);
  if (!ok) return dr_error(f, XLA_FFI_INVALID_ARGUMENT, "the buffers of an update of atoms do not fit");

  memcpy(j.d, d, sizeof(float) * j.atoms * j.size);
  memcpy(j.a, a, sizeof(float) * j.n * j.k);
  double *sums = calloc(1, sizeof(double) * 2 * j.size + sizeof(int64_t) * (j.atoms + 1 + j.n * j.k) + sizeof(float) * (j.size + j.n * j.size));
  if (!sums) return dr_error(f, XLA_FFI_RESOURCE_EXHAUSTED, "out of memory for an update of atoms");
  int64_t *from = (int64_t *)(sums + 2 * j.size), *users = from + j.atoms + 1;
  float *next = (float *)(users + j.n * j.k);
  j.r = next + j.size;
  dr_parallel(f, (j.n + DR_SIGNALS - 1) / DR_SIGNALS, residual, &j);
  for (int64_t i = 0; i < j.n * j.k; i++)
    if (a[i] != 0) from[j.support[i] + 1]++;
  for (int64_t i = 0; i < j.atoms; i++) from[i + 1] += from[i];
  for (int64_t i = 0; i < j.n * j.k; i++)  // each atom's users in order: from[i] moves from its first to after its last
    if (a[i] != 0) users[from[j.support[i]]++] = i;
  for (int64_t i = 0; i < j.atoms; i++) {
    int64_t first = i ? from[i - 1] : 0;
    update(&j, j.d + i * j.size, users + first, from[i] - first, sums, sums + j.size, next);
  }
  free(sums);
  return NULL;
}
