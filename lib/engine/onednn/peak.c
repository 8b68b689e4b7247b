//go:build linux && amd64 && cgo

// The machine's own peak: what oneDNN's matrix product reaches with all threads at once.
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "darkroom.h"

enum { SIDE = 768, ROUNDS = 20 };

typedef struct {
  float *room;
  atomic_int failed;
} product;

static void multiply(void *arg, int i) {
  product *p = arg;
  float *a = p->room + (size_t)i * 3 * SIDE * SIDE, *b = a + SIDE * SIDE, *c = b + SIDE * SIDE;
  dr_one_thread();
  if (dr_dnnl.sgemm('N', 'N', SIDE, SIDE, SIDE, 1, a, SIDE, b, SIDE, 0, c, SIDE)) atomic_store(&p->failed, 1);
}

double dr_peak(void) {
  int threads = dr_threads();
  product p = {.room = calloc((size_t)threads * 3 * SIDE * SIDE, sizeof(float))};
  double best = 0;
  for (int i = 0; p.room && i < ROUNDS; i++) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    dr_parallel(NULL, threads, multiply, &p);
    clock_gettime(CLOCK_MONOTONIC, &to);
    double spent = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
    double flops = 2.0 * SIDE * SIDE * SIDE * threads / spent;
    if (flops > best) best = flops;
  }
  free(p.room);
  return atomic_load(&p.failed) ? 0 : best;
}
