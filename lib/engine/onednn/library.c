//go:build linux && amd64 && cgo

// oneDNN, loaded at run time.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include "darkroom.h"

struct dnnl_functions dr_dnnl;
dnnl_engine_t dr_engine;
static void (*set_num_threads)(int);

static char *reason(const char *format, const char *a, const char *b) {
  char *s = NULL;
  if (asprintf(&s, format, a, b) < 0) return NULL;
  return s;
}

char *dr_load(const char *path, const char *gomp_name) {
  void *gomp = dlopen(gomp_name, RTLD_NOW | RTLD_LOCAL);
  if (!gomp) return reason("oneDNN needs %s: %s (install the package libgomp1)", gomp_name, dlerror());
  set_num_threads = (void (*)(int))dlsym(gomp, "omp_set_num_threads");
  if (!set_num_threads) return reason("%s has no omp_set_num_threads%s", gomp_name, "");
  void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!lib) return reason("cannot load %s: %s", path, dlerror());
#define F(result, name, parameters) \
  dr_dnnl.name = (result(*) parameters)dlsym(lib, "dnnl_" #name); \
  if (!dr_dnnl.name) return reason("%s has no function dnnl_%s", path, #name);
  DNNL_FUNCTIONS(F)
#undef F
  if (dr_major() != 3 || dr_minor() < 1) return reason("%s is not oneDNN 3.1 or a later 3.x%s", path, "");
  dr_one_thread();
  dr_dnnl.set_default_fpmath_mode(dnnl_fpmath_strict);
  dr_dnnl.set_primitive_cache_capacity(0);  // conv.c keeps its own, bounded
  if (dr_dnnl.engine_create(&dr_engine, dnnl_cpu, 0) != dnnl_success) return reason("%s makes no CPU engine%s", path, "");
  return NULL;
}

int dr_major(void) { return dr_dnnl.version()->major; }
int dr_minor(void) { return dr_dnnl.version()->minor; }
int dr_patch(void) { return dr_dnnl.version()->patch; }
int dr_isa(void) { return dr_dnnl.get_effective_cpu_isa(); }

void dr_one_thread(void) { set_num_threads(1); }
