//go:build linux && amd64 && cgo

// The way into the plugin: the handler is registered through its FFI extension, and its compile call is replaced by one that
// lets Go rewrite the program first.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sparse.h"
#include "_cgo_export.h"

static PJRT_Api *api;
static PJRT_Client_Compile_Fn *plain_compile;
static atomic_int_least64_t fallbacks;

int64_t dr_fallbacks(void) { return atomic_load(&fallbacks); }

static char *reason(const char *format, const char *a, const char *b) {
  char *s = NULL;
  if (asprintf(&s, format, a, b) < 0) return NULL;
  return s;
}

static void destroy(PJRT_Error *e) {
  PJRT_Error_Destroy_Args a = {.struct_size = sizeof a, .error = e};
  api->error_destroy(&a);
}

static int on_cpu(PJRT_Client *client) {
  PJRT_Client_PlatformName_Args a = {.struct_size = sizeof a, .client = client};
  PJRT_Error *e = api->client_platform_name(&a);
  if (e) destroy(e);
  return !e && a.platform_name_size == 3 && !memcmp(a.platform_name, "cpu", 3);
}

static PJRT_Error *compile(PJRT_Client_Compile_Args *a) {
  const PJRT_Program *p = a->program;
  if (!p || !p->format || p->format_size != 4 || memcmp(p->format, "mlir", 4) || !on_cpu(a->client)) return plain_compile(a);
  size_t size = 0;
  char *code = darkroomRewrite(p->code, p->code_size, &size);
  if (!code) return plain_compile(a);
  PJRT_Program rewritten = *p;
  rewritten.code = code;
  rewritten.code_size = size;
  a->program = &rewritten;
  PJRT_Error *e = plain_compile(a);
  a->program = p;
  free(code);
  if (!e) return NULL;
  destroy(e);  // if the program itself is at fault, the plain compilation says so better
  e = plain_compile(a);
  if (!e) atomic_fetch_add(&fallbacks, 1);
  return e;
}

// writable says whether the page that p is on can be written, from the kernel's own list.
static int writable(const void *p) {
  FILE *maps = fopen("/proc/self/maps", "r");
  if (!maps) return 0;
  char line[512], mode[8];
  unsigned long from, to, at = (unsigned long)p;
  int ok = 0;
  while (!ok && fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && from <= at && at < to) ok = mode[1] == 'w';
  fclose(maps);
  return ok;
}

static _Atomic int metadata_asked;

// is_question answers the registration, which asks which version of the interface a handler was made for.
static int is_question(XLA_FFI_CallFrame *f) {
  for (XLA_FFI_Extension *e = f->extension_start; e; e = e->next)
    if (e->type == XLA_FFI_EXTENSION_METADATA) {
      XLA_FFI_Metadata_Extension *m = (XLA_FFI_Metadata_Extension *)e;
      m->metadata->api_version.major_version = f->api->api_version.major_version;
      m->metadata->api_version.minor_version = f->api->api_version.minor_version;
      m->metadata->traits = 0;
      atomic_fetch_add(&metadata_asked, 1);
      return 1;
    }
  return 0;
}

static XLA_FFI_Error *omp(XLA_FFI_CallFrame *f) { return is_question(f) ? NULL : dr_omp_handler(f); }
static XLA_FFI_Error *lasso(XLA_FFI_CallFrame *f) { return is_question(f) ? NULL : dr_lasso_handler(f); }
static XLA_FFI_Error *atoms(XLA_FFI_CallFrame *f) { return is_question(f) ? NULL : dr_atoms_handler(f); }
static XLA_FFI_Error *conv(XLA_FFI_CallFrame *f) { return is_question(f) ? NULL : dr_handler(f); }
static XLA_FFI_Error *sum(XLA_FFI_CallFrame *f) { return is_question(f) ? NULL : dr_sum_handler(f); }

// register_handler returns 1 if the plugin took the handler: it answers "no error" even where it refused.
static int register_handler(PJRT_FFI_Extension *ffi, const char *target, XLA_FFI_Error *(*handler)(XLA_FFI_CallFrame *)) {
  PJRT_FFI_Register_Handler_Args r = {.struct_size = sizeof r, .target_name = target, .target_name_size = strlen(target),
                                      .handler = (void *)handler, .platform_name = "Host", .platform_name_size = 4};
  int before = atomic_load(&metadata_asked);
  PJRT_Error *e = ffi->register_handler(&r);
  if (e) destroy(e);
  return !e && atomic_load(&metadata_asked) > before;
}

char *dr_hook(const char *plugin, const char *conv_target, const char *sum_target) {
  const struct {
    const char *target;
    XLA_FFI_Error *(*handler)(XLA_FFI_CallFrame *);
  } handlers[] = {{conv_target, conv}, {sum_target, sum}, {"darkroom.omp", omp}, {"darkroom.lasso", lasso}, {"darkroom.atoms", atoms}};
  void *lib = dlopen(plugin, RTLD_LAZY | RTLD_LOCAL);
  if (!lib) return reason("cannot load the plugin %s: %s", plugin, dlerror());
  PJRT_Api *(*get)(void) = (PJRT_Api * (*)(void)) dlsym(lib, "GetPjrtApi");
  if (!get || !(api = get())) return reason("%s is not a PJRT plugin%s", plugin, "");
  if (api->struct_size < sizeof(PJRT_Api) || api->version.major_version != 0)
    return reason("the plugin %s has a PJRT interface that is not known here%s", plugin, "");
  if (!writable(&api->client_compile)) return reason("the plugin %s does not let its functions be replaced%s", plugin, "");
  PJRT_FFI_Extension *ffi = NULL;
  for (PJRT_Extension *e = api->extension_start; e && !ffi; e = e->next)
    if (e->type == PJRT_EXTENSION_FFI && e->struct_size >= sizeof(PJRT_FFI_Extension)) ffi = (PJRT_FFI_Extension *)e;
  if (!ffi || !ffi->register_handler) return reason("the plugin %s has no FFI extension%s", plugin, "");
  for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
    if (!register_handler(ffi, handlers[i].target, handlers[i].handler))
      return reason("the plugin %s refused the handler %s", plugin, handlers[i].target);
  plain_compile = api->client_compile;
  api->client_compile = compile;
  return NULL;
}
