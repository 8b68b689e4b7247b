//go:build linux && amd64 && cgo

// Work in parts, on the plugin's own threads: they are awake already when one operation follows another, and no second pool competes with
// them for the cores. Parts are claimed, by the caller too, so threads that are busy with other work delay nobody for ever.
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "darkroom.h"

typedef struct {
  int parts;
  void (*part)(void *, int);
  void *arg;
  atomic_int next, done, holders;  // a thread may look at the job after it is done
  pthread_mutex_t mutex;
  pthread_cond_t finished;
} job;

static void drop(job *j) {
  if (atomic_fetch_sub(&j->holders, 1) > 1) return;
  pthread_mutex_destroy(&j->mutex);
  pthread_cond_destroy(&j->finished);
  free(j);
}

static void claim(job *j) {
  for (int i; (i = atomic_fetch_add(&j->next, 1)) < j->parts;) {
    j->part(j->arg, i);
    if (atomic_fetch_add(&j->done, 1) + 1 < j->parts) continue;
    pthread_mutex_lock(&j->mutex);
    pthread_cond_broadcast(&j->finished);
    pthread_mutex_unlock(&j->mutex);
  }
}

static void help(void *data) {
  job *j = data;
  (void)atomic_load(&j->holders);  // orders this after what the caller wrote, whatever queue the job came through
  claim(j);
  drop(j);
}

static void *help_thread(void *data) {
  help(data);
  return NULL;
}

// schedule asks for a helper: from the plugin, or a thread of its own where no plugin calls. Returns 0 if there is none.
static int schedule(const XLA_FFI_CallFrame *f, job *j) {
  if (f) {
    if (f->api->struct_size < offsetof(XLA_FFI_Api, thread_pool_schedule) + sizeof(void *)) return 0;
    XLA_FFI_ThreadPool_Schedule_Args args = {.struct_size = sizeof args, .ctx = f->ctx, .task = help, .data = j};
    XLA_FFI_Error *e = f->api->thread_pool_schedule(&args);
    if (!e) return 1;
    XLA_FFI_Error_Destroy_Args destroy = {.struct_size = sizeof destroy, .error = e};
    f->api->error_destroy(&destroy);
    return 0;
  }
  pthread_t t;
  if (pthread_create(&t, NULL, help_thread, j)) return 0;
  pthread_detach(t);
  return 1;
}

static int threads = 1;
void dr_set_threads(int n) { threads = n; }
int dr_threads(void) { return threads; }

enum { SPIN = 4000 };  // some 100 µs: the parts are equal, and waking a thread costs as much

void dr_parallel(const XLA_FFI_CallFrame *f, int parts, void (*part)(void *, int), void *arg) {
  job *j = parts > 1 ? calloc(1, sizeof *j) : NULL;
  if (!j) {
    for (int i = 0; i < parts; i++) part(arg, i);
    return;
  }
  *j = (job){.parts = parts, .part = part, .arg = arg, .holders = 1};
  pthread_mutex_init(&j->mutex, NULL);
  pthread_cond_init(&j->finished, NULL);
  int helpers = (parts < threads ? parts : threads) - 1;
  for (int i = 0; i < helpers; i++) {
    atomic_fetch_add(&j->holders, 1);
    if (!schedule(f, j)) atomic_fetch_sub(&j->holders, 1);
  }
  claim(j);
  for (int i = 0; i < SPIN && atomic_load(&j->done) < parts; i++) __builtin_ia32_pause();
  if (atomic_load(&j->done) < parts) {
    pthread_mutex_lock(&j->mutex);
    while (atomic_load(&j->done) < parts) pthread_cond_wait(&j->finished, &j->mutex);
    pthread_mutex_unlock(&j->mutex);
  }
  drop(j);
}
