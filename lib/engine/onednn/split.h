// A convolution in parts: over the batch, and over rows where the batch is smaller than the number of threads.
#ifndef DARKROOM_SPLIT_H
#define DARKROOM_SPLIT_H
#include "darkroom.h"

typedef struct {
  dr_conv c;     // the part as a convolution of its own
  int64_t x, y;  // where its x and y begin, in elements
} dr_part;

// dr_split says into how many parts, first of the batch, then of the rows of each image. They depend on shapes and on the number
// of threads only, so results do not depend on load.
void dr_split(const dr_conv *, int threads, int *batch_parts, int *row_parts);
void dr_make_part(const dr_conv *, int batch_parts, int row_parts, int i, dr_part *);
#endif
