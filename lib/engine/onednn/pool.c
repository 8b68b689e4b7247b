//go:build linux && amd64 && cgo

// A small pool of threads. Parts are claimed, by the caller too, so a pool that is busy with other callers' work delays
// nobody for ever, and several callers may come at once.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include "darkroom.h"

typedef struct job {
  int parts, next, done;  // under the mutex
  void (*part)(void *, int);
  void *arg;
  struct job *later;
} job;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER, finished = PTHREAD_COND_INITIALIZER;
static job *first;               // jobs with parts that nobody has claimed
static atomic_int waiting_jobs;  // how many, for those who spin
static int threads = 1;

// claim runs one part of j, which has one to claim. The mutex is held before and after.
static void claim(job *j) {
  int i = j->next++;
  if (j->next == j->parts) {  // the last one: no more to claim
    job **p = &first;
    while (*p != j) p = &(*p)->later;
    *p = j->later;
    atomic_fetch_sub(&waiting_jobs, 1);
  }
  pthread_mutex_unlock(&mutex);
  j->part(j->arg, i);
  pthread_mutex_lock(&mutex);
  if (++j->done == j->parts) pthread_cond_broadcast(&finished);
}

enum { SPIN = 2000 };  // some 50 µs: convolutions come close together, and waking a thread costs as much

static void *worker(void *unused) {
  (void)unused;
  dr_one_thread();
  pthread_mutex_lock(&mutex);
  for (;;) {
    if (first) {
      claim(first);
      continue;
    }
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < SPIN && atomic_load_explicit(&waiting_jobs, memory_order_relaxed) == 0; i++) __builtin_ia32_pause();
    pthread_mutex_lock(&mutex);
    if (!first) pthread_cond_wait(&work, &mutex);
  }
  return NULL;
}

int dr_pool_start(int want) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for Go's threads
  for (; threads < want; threads++) {
    pthread_t t;
    if (pthread_create(&t, NULL, worker, NULL)) break;
    pthread_detach(t);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return threads;
}

int dr_pool_threads(void) { return threads; }

void dr_parallel(int parts, void (*part)(void *, int), void *arg) {
  if (parts == 1) {
    part(arg, 0);
    return;
  }
  job j = {.parts = parts, .part = part, .arg = arg};
  pthread_mutex_lock(&mutex);
  job **p = &first;
  while (*p) p = &(*p)->later;
  *p = &j;
  atomic_fetch_add(&waiting_jobs, 1);
  pthread_cond_broadcast(&work);
  while (j.next < parts) claim(&j);
  while (j.done < parts) pthread_cond_wait(&finished, &mutex);
  pthread_mutex_unlock(&mutex);
}
