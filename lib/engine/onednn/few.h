// Convolutions whose result has few channels: a matrix product, then the taps are added up where they belong. oneDNN's own convolutions
// work on 8 or 16 channels of the result at once and waste most of them here.
#ifndef DARKROOM_FEW_H
#define DARKROOM_FEW_H
#include "darkroom.h"

int dr_is_few(const dr_conv *);
// dr_few computes on this thread and returns oneDNN's status.
int dr_few(const dr_conv *, const float *x, const float *w, const float *y, float *result);
#endif
