//go:build linux && amd64 && cgo

// The handler of feature-sign search (lib/sparse, FeatureSign), each signal by itself: on the active atoms, whose signs are known, the problem is a
// system of linear equations, solved by a Cholesky factor that grows and shrinks with them.
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "sparse.h"

typedef struct {
  dr_seen seen;
  int64_t n, room;  // signals; atoms that can be active
  int non_negative;
  float tolerance;
  int64_t steps;                            // at most
  const float *y, *d, *c, *energy, *lambda, *start;  // [n, size], [atoms, size], [n, atoms], [n], [1 or n, atoms], [n, atoms] or NULL
  int64_t each;                             // of the λ: 0 if all signals share them
  float *a;                                 // [n, atoms]
  int32_t *taken;                           // [n]: steps that were
  atomic_int failed;
} job;

// What one signal has: m active atoms with their signs, coefficients, rows of the Gram matrix and its factor L, [room, room].
typedef struct {
  const job *j;
  int64_t signal, m;
  int64_t *atom;
  double *a, *sign, *move, *rest, *r, *l;  // rest is c of the active atoms, and is kept up to date between two looks at all
  const float **row;
  float **space;  // of the rows that are made
  float *c, *inverse;
  unsigned char *active;
} state;

static double dot(const double *x, const double *y, int64_t n) {
  double a = 0, b = 0;
  int64_t k = 0;
  for (; k + 2 <= n; k += 2) a += x[k] * y[k], b += x[k + 1] * y[k + 1];
  return k < n ? a + b + x[k] * y[k] : a + b;
}

// factor makes the rows of L from one on. Atoms that depend on one another get a small pivot: the step is then long, and ends where one of them is 0.
static void factor(state *s, int64_t from) {
  for (int64_t i = from, w = s->j->room; i < s->m; i++) {
    double *l = s->l + i * w;
    for (int64_t k = 0; k < i; k++) l[k] = (s->row[i][s->atom[k]] - dot(l, s->l + k * w, k)) / s->l[k * w + k];
    double own = s->row[i][s->atom[i]], left = own - dot(l, l, i);
    l[i] = sqrt(left > 1e-6 * own ? left : 1e-6 * own + 1e-30);
  }
}

static void add(state *s, int64_t atom, double sign, double a) {
  int64_t m = s->m++;
  s->atom[m] = atom, s->sign[m] = sign, s->a[m] = a, s->active[atom] = 1;
  s->row[m] = dr_row(&s->j->seen, s->signal, atom, s->space[m]);
}

static void drop(state *s, int64_t i) {
  s->active[s->atom[i]] = 0;
  float *space = s->space[i];
  for (s->m--; i < s->m; i++) {
    s->atom[i] = s->atom[i + 1], s->sign[i] = s->sign[i + 1], s->a[i] = s->a[i + 1], s->rest[i] = s->rest[i + 1];
    s->row[i] = s->row[i + 1], s->space[i] = s->space[i + 1];
  }
  s->space[i] = space;
}

// step goes towards the solution for the active atoms and their signs, until one of them would change its sign: that is dropped. It says
// whether the step was a whole one, and in *moved whether it was one at all.
static int step(state *s, const float *lambda, int *moved) {
  int64_t w = s->j->room, last = -1;
  double *x = s->move, most = 1;
  for (int64_t i = 0; i < s->m; i++) x[i] = (s->rest[i] - s->sign[i] * lambda[s->atom[i]] - dot(s->l + i * w, x, i)) / s->l[i * w + i];
  for (int64_t i = s->m - 1; i >= 0; i--) {
    x[i] /= s->l[i * w + i];
    for (int64_t k = 0; k < i; k++) x[k] -= s->l[i * w + k] * x[i];
  }
  for (int64_t i = 0; i < s->m; i++) {
    if ((s->a[i] + x[i]) * s->sign[i] >= 0) continue;
    double part = s->a[i] / -x[i];
    if (part < most || last < 0) most = part, last = i;
  }
  if (most > 0) *moved = 1;
  for (int64_t i = 0; i < s->m; i++) {
    s->a[i] += most * x[i];
    if (last < 0) continue;
    double g = 0;
    for (int64_t k = 0; k < s->m; k++) g += s->row[i][s->atom[k]] * x[k];
    s->rest[i] -= most * g;
  }
  if (last < 0) return 1;
  drop(s, last);
  factor(s, last);
  return 0;
}

// look computes the correlations of all atoms with the residual, and returns the gap. *worst is the atom whose correlation is largest in
// proportion to its λ, and *by that proportion.
static double look(state *s, const float *c0, const float *lambda, double energy, int64_t *worst, float *by) {
  const job *j = s->j;
  int64_t atoms = j->seen.atoms;
  memcpy(s->c, c0, sizeof(float) * atoms);
  for (int64_t i = 0; i < s->m; i++) dr_less(s->c, s->row[i], s->a[i], atoms);
  double square = 2 * energy, penalty = 0, pair = 0;
  for (int64_t i = 0; i < s->m; i++) {
    int64_t k = s->atom[i];
    s->rest[i] = s->c[k];
    square -= s->a[i] * ((double)c0[k] + s->c[k]);
    penalty += fabs(s->a[i]) * lambda[k];
    pair += s->a[i] * s->c[k];
  }
  float *c = s->c;
  if (j->non_negative) {
    c = s->inverse + atoms;
    for (int64_t k = 0; k < atoms; k++) c[k] = s->c[k] > 0 ? s->c[k] : 0;
  }
  *worst = dr_largest(c, s->inverse, atoms, by);
  double scale = *by > 1 ? 1 / *by : 1;
  double slack = penalty - scale * pair;
  return (1 - scale) * (1 - scale) * (square > 0 ? square : 0) / 2 + (slack > 0 ? slack : 0);
}

// polish takes what rounding left of the active atoms' conditions: their correlations with the residual, computed from the signal in double precision.
static void polish(state *s, const float *lambda) {
  int64_t size = s->j->seen.size;
  const float *y = s->j->y + s->signal * size, *mask = s->j->seen.masks ? s->j->seen.masks + s->signal * size : NULL;
  for (int64_t l = 0; l < size; l++) s->r[l] = y[l];
  for (int64_t i = 0; i < s->m; i++) {
    const float *d = s->j->d + s->atom[i] * size;
    for (int64_t l = 0; l < size; l++) s->r[l] -= s->a[i] * d[l];
  }
  if (mask)
    for (int64_t l = 0; l < size; l++) s->r[l] *= mask[l];
  for (int64_t i = 0; i < s->m; i++) {
    const float *d = s->j->d + s->atom[i] * size;
    double c = 0;
    for (int64_t l = 0; l < size; l++) c += s->r[l] * d[l];
    s->rest[i] = c;
  }
  int moved;
  step(s, lambda, &moved);
}

static void solve(state *s, int64_t signal) {
  const job *j = s->j;
  int64_t atoms = j->seen.atoms, steps = 0, worst;
  const float *c0 = j->c + signal * atoms, *lambda = j->lambda + signal * j->each;
  double energy = j->energy[signal];
  float by;
  s->signal = signal, s->m = 0;
  memset(s->active, 0, atoms);
  if (j->each || !s->inverse[0]) {
    for (int64_t k = 0; k < atoms; k++) s->inverse[k] = 1 / (lambda[k] > 1e-30f ? lambda[k] : 1e-30f);
  }
  if (j->start)
    for (int64_t k = 0; k < atoms && s->m < j->room; k++) {
      float v = j->start[signal * atoms + k];
      if (v > 0 || (v < 0 && !j->non_negative)) add(s, k, v > 0 ? 1 : -1, v);
    }
  factor(s, 0);
  for (int idle = 0; idle < 3; ) {
    double gap = look(s, c0, lambda, energy, &worst, &by);
    if (!(gap > j->tolerance * energy) || steps >= j->steps) break;
    int moved = 0;
    int64_t before = s->m;
    if (by > 1 + 1e-6f && worst >= 0 && !s->active[worst] && s->m < j->room) {
      add(s, worst, s->c[worst] > 0 ? 1 : -1, 0);
      s->rest[before] = s->c[worst];
      factor(s, before);
      idle = 0;
    } else {
      idle++;  // once more, from the correlations as they are: it makes up for rounding
    }
    while (s->m && steps < j->steps) {
      steps++;
      if (step(s, lambda, &moved)) break;
    }
    if (!moved) break;
  }
  if (steps) polish(s, lambda);
  float *a = j->a + signal * atoms;
  memset(a, 0, sizeof(float) * atoms);
  for (int64_t i = 0; i < s->m; i++) a[s->atom[i]] = s->a[i];
  j->taken[signal] = steps;
}

static void solve_part(void *arg, int part) {
  job *j = arg;
  int64_t from = (int64_t)part * DR_SIGNALS, to = from + DR_SIGNALS < j->n ? from + DR_SIGNALS : j->n, m = j->room, atoms = j->seen.atoms;
  int64_t made = j->seen.gram ? 0 : atoms + j->seen.size;
  char *all = calloc(1, sizeof(double) * (m * m + 4 * m + j->seen.size) + 3 * 8 * m + sizeof(float) * (3 * atoms + m * made) + atoms);
  if (!all) {
    atomic_store(&j->failed, 1);
    return;
  }
  state s = {.j = j, .l = (double *)all};
  s.a = s.l + m * m, s.sign = s.a + m, s.move = s.sign + m, s.rest = s.move + m;
  s.r = s.rest + m;
  s.atom = (int64_t *)(s.r + j->seen.size);
  s.row = (const float **)(s.atom + m);
  s.space = (float **)(s.row + m);
  s.c = (float *)(s.space + m);
  s.inverse = s.c + atoms;
  float *rows = s.inverse + 2 * atoms;
  s.active = (unsigned char *)(rows + m * made);
  for (int64_t i = 0; i < m; i++) s.space[i] = rows + i * made;
  for (int64_t i = from; i < to; i++) solve(&s, i);
  free(all);
}

XLA_FFI_Error *dr_lasso_handler(XLA_FFI_CallFrame *f) {
  job j = {0};
  int64_t r[10] = {0}, s[10] = {0}, next = 7;
  j.y = dr_matrix(&f->args, 0, XLA_FFI_F32, &r[0], &s[0]);
  j.d = dr_matrix(&f->args, 1, XLA_FFI_F32, &r[1], &s[1]);
  j.c = dr_matrix(&f->args, 2, XLA_FFI_F32, &r[2], &s[2]);
  j.energy = dr_matrix(&f->args, 3, XLA_FFI_F32, &r[3], &s[3]);
  j.lambda = dr_matrix(&f->args, 4, XLA_FFI_F32, &r[4], &s[4]);
  const float *options = dr_matrix(&f->args, 5, XLA_FFI_F32, &r[5], &s[5]);
  const float *seen = dr_matrix(&f->args, 6, XLA_FFI_F32, &r[6], &s[6]);
  j.a = dr_matrix(&f->rets, 0, XLA_FFI_F32, &r[8], &s[8]);
  j.taken = dr_matrix(&f->rets, 1, XLA_FFI_S32, &r[9], &s[9]);
  int64_t n = j.n = r[0], size = j.seen.size = s[0], atoms = j.seen.atoms = r[1];
  int ok = j.y && j.d && j.c && j.energy && j.lambda && options && seen && j.a && j.taken && s[1] == size && r[2] == n && s[2] == atoms && r[3] == n &&
           s[3] == 1 && (r[4] == 1 || r[4] == n) && s[4] == atoms && r[5] == 1 && s[5] == 6 && r[8] == n && s[8] == atoms && r[9] == n && s[9] == 1;
  if (ok && options[3] != 0) {
    j.seen.d = j.d, j.seen.masks = seen;
    ok = r[6] == n && s[6] == size;
  } else {
    j.seen.gram = seen;
    ok = ok && r[6] == atoms && s[6] == atoms;
  }
  if (ok && options[4] != 0) {
    j.start = dr_matrix(&f->args, next, XLA_FFI_F32, &r[7], &s[7]);
    ok = j.start && r[7] == n && s[7] == atoms;
  }
  if (!ok || !(options[5] >= 1)) return dr_error(f, XLA_FFI_INVALID_ARGUMENT, "the buffers of a LASSO do not fit");
  j.each = r[4] == 1 ? 0 : atoms;
  j.non_negative = options[0] != 0, j.tolerance = options[1], j.steps = options[2];
  j.room = options[5] < atoms ? (int64_t)options[5] : atoms;
  dr_parallel(f, (n + DR_SIGNALS - 1) / DR_SIGNALS, solve_part, &j);
  return atomic_load(&j.failed) ? dr_error(f, XLA_FFI_RESOURCE_EXHAUSTED, "out of memory for a LASSO") : NULL;
}
