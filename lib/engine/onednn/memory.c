//go:build linux && amd64 && cgo

// glibc's malloc gives big blocks back to the kernel at once, so that every step pays again for the pages of its temporaries: about
// 100 MB of page faults a step for a small network.
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "darkroom.h"

#ifdef __GLIBC__
// Only the first arena can hold a block above 64 MB without a mapping of its own, and a thread keeps the arena that it got
// first; so there must be one before the first thread starts, which is before any Go code runs.
__attribute__((constructor)) static void one_arena(void) { mallopt(M_ARENA_MAX, 1); }
#endif

size_t dr_tune_memory(size_t reserve) {
  size_t huge = 0;
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);                 // no block gets a mapping of its own,
  mallopt(M_TRIM_THRESHOLD, 0x7fffffff);  // what was freed stays,
  mallopt(M_TOP_PAD, 64 << 20);           // and the heap grows in large steps.
  if (reserve) {
    // The heap grows once, untouched, so that it is one range that huge pages can be asked for.
    uintptr_t from = (uintptr_t)sbrk(0);
    void *volatile p = malloc(reserve);
    free(p);
    uintptr_t to = (uintptr_t)sbrk(0), page = 2 << 20;
    from = (from + page - 1) / page * page;
    if (to > from && madvise((void *)from, to - from, MADV_HUGEPAGE) == 0) huge = to - from;
  }
#endif
  return huge;
}
