// What the handlers of lib/sparse share: matrices from the plugin, and rows of the Gram matrix of a dictionary.
#ifndef DARKROOM_SPARSE_H
#define DARKROOM_SPARSE_H
#include "darkroom.h"

#define DR_AVX2 __attribute__((target("avx2,fma")))

enum { DR_SIGNALS = 32 };  // that one part of the work has

// dr_matrix is buffer i of a type and of at least one row and column, else NULL; it tells how many.
void *dr_matrix(const XLA_FFI_Values *, int64_t i, int dtype, int64_t *rows, int64_t *columns);

// A dictionary [atoms, size] as signals see it: all alike by its Gram matrix, or each through its own mask [signals, size].
typedef struct {
  int64_t atoms, size;
  const float *gram, *d, *masks;  // either gram, or d and masks
} dr_seen;

// dr_row is the row of an atom in the Gram matrix as a signal sees it; made in room, of atoms + size values, if there are masks.
const float *dr_row(const dr_seen *, int64_t signal, int64_t atom, float *room);

void dr_less(float *to, const float *x, float by, int64_t n);            // to −= by·x
float dr_dot(const float *x, const float *y, int64_t n);                 // Σ xy
int64_t dr_largest(const float *x, const float *scale, int64_t n, float *value);  // the first of the largest |x|·scale, −1 if all are 0 or NaN

// The handlers, with the operands that calls.go describes.
XLA_FFI_Error *dr_omp_handler(XLA_FFI_CallFrame *);
XLA_FFI_Error *dr_lasso_handler(XLA_FFI_CallFrame *);
XLA_FFI_Error *dr_atoms_handler(XLA_FFI_CallFrame *);
#endif
