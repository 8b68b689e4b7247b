//go:build linux && amd64 && cgo

// glibc's malloc gives big blocks back to the kernel at once, so that every step pays again for the pages of its temporaries.
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "darkroom.h"

size_t dr_tune_memory(size_t reserve) {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);                  // no block of its own mapping,
  mallopt(M_TRIM_THRESHOLD, 0x7fffffff);   // what was freed stays,
  mallopt(M_TOP_PAD, 64 << 20);            // the heap grows in large steps,
  mallopt(M_ARENA_MAX, 1);                 // and all threads share it.
  (void)reserve;
#endif
  return 0;
}
