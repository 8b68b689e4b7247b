// oneDNN primitives for convolutions, made once and kept.
#ifndef DARKROOM_PRIMITIVE_H
#define DARKROOM_PRIMITIVE_H
#include "darkroom.h"

enum { DR_X, DR_W, DR_Y };

typedef struct {
  dr_conv key;
  dnnl_memory_desc_t user[3];   // x, w, y as XLA has them
  dnnl_memory_desc_t inner[3];  // as the primitive wants them
  dnnl_primitive_t reorder[3];  // between the two; NULL where they are the same
  dnnl_primitive_t primitive;
  dnnl_memory_desc_t scratch, bias;  // bias may be NULL
  size_t inner_size[3], scratch_size;
  char impl[64];
  int users;
  uint64_t used_at;
} dr_primitive;

// dr_acquire returns the primitive, made if it is not there, or NULL with oneDNN's status. dr_release must follow.
dr_primitive *dr_acquire(const dr_conv *, int *status);
void dr_release(dr_primitive *);
// dr_run computes on this thread; bias is NULL where the key says that there is none. Returns oneDNN's status; dnnl_out_of_memory also for its own workspace.
int dr_run(dr_primitive *, float *x, float *w, float *y, const float *bias);
// dr_workspace returns room for size bytes that belongs to this thread until it asks again for the same slot (0 or 1), or NULL.
void *dr_workspace(int slot, size_t size);
#endif
