// Gradients of the kernel as a product of two matrices: of the patches of x that the kernel sees, and of y. With AVX-512 oneDNN's own are faster; with
// AVX2 they reach half of this at stride 1.
#ifndef DARKROOM_PATCHES_H
#define DARKROOM_PATCHES_H
#include "darkroom.h"

int dr_is_patches(const dr_conv *);
// dr_patches computes w on this thread. Returns oneDNN's status.
int dr_patches(const dr_conv *, const float *x, float *w, const float *y);
#endif
