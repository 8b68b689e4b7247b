// Convolutions whose result has few channels: a matrix product, then the taps are added up where they belong. oneDNN's own convolutions
// work on 8 or 16 channels of the result at once and waste most of them here.
#ifndef DARKROOM_FEW_H
#define DARKROOM_FEW_H
#include "darkroom.h"

int dr_is_few(const dr_conv *);
// dr_few computes on this thread; which of x, w and y is the result, the kind says. Returns oneDNN's status.
int dr_few(const dr_conv *, float *x, float *w, float *y, const float *bias);
#endif
