//go:build linux && cgo

// The plugin's compile call is replaced by one that first looks whether the program was compiled before, and that has Fourier transforms
// computed by one thread.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "hook.h"
#include "pjrt.h"
#include "_cgo_export.h"

static PJRT_Api *api;
static PJRT_Client_Compile_Fn *plain_compile;

static int failed(PJRT_Error *e) {
  if (!e) return 0;
  PJRT_Error_Destroy_Args a = {.struct_size = sizeof a, .error = e};
  api->error_destroy(&a);
  return 1;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

// load takes the program from what Go kept of it. It returns 0 if there is nothing, or nothing that this plugin can load.
static int load(PJRT_Client_Compile_Args *a) {
  const PJRT_Program *p = a->program;
  size_t size = 0;
  char *kept = darkroomFindProgram(p->code, p->code_size, (char *)a->compile_options, a->compile_options_size, &size);
  if (!kept) return 0;
  PJRT_Executable_DeserializeAndLoad_Args d = {
      .struct_size = sizeof d, .client = a->client, .serialized_executable = kept, .serialized_executable_size = size};
  int ok = !failed(api->executable_deserialize_and_load(&d));
  free(kept);
  if (ok) a->executable = d.loaded_executable;
  return ok;
}

// keep hands the compiled program to Go. What cannot be serialised is not kept.
static void keep(PJRT_Client_Compile_Args *a) {
  const PJRT_Program *p = a->program;
  PJRT_LoadedExecutable_GetExecutable_Args g = {.struct_size = sizeof g, .loaded_executable = a->executable};
  if (failed(api->loaded_executable_get_executable(&g))) return;
  PJRT_Executable_Serialize_Args s = {.struct_size = sizeof s, .executable = g.executable};
  if (!failed(api->executable_serialize(&s))) {
    darkroomKeepProgram(p->code, p->code_size, (char *)a->compile_options, a->compile_options_size, (char *)s.serialized_bytes,
                        s.serialized_bytes_size);
    s.serialized_executable_deleter(s.serialized_executable);
  }
  PJRT_Executable_Destroy_Args x = {.struct_size = sizeof x, .executable = g.executable};
  failed(api->executable_destroy(&x));
}

static PJRT_Error *find_or_compile(PJRT_Client_Compile_Args *a) {
  if (load(a)) return NULL;
  double begin = seconds();
  PJRT_Error *e = plain_compile(a);
  if (!e && seconds() - begin >= DR_WORTH_KEEPING) keep(a);
  return e;
}

// one_thread is a piece of a CompileOptionsProto: an entry of env_option_overrides (field 7) whose value is false.
static const char one_thread[] = "\x3a\x20\x0a\x1axla_cpu_multi_thread_eigen\x12\x02\x10\x00";

static PJRT_Error *compile(PJRT_Client_Compile_Args *a) {
  const PJRT_Program *p = a->program;
  if (!p || !p->format || p->format_size != 4 || memcmp(p->format, "mlir", 4)) return plain_compile(a);
  if (!memmem(p->code, p->code_size, "stablehlo.fft", 13)) return find_or_compile(a);
  const char *given = a->compile_options;
  const size_t size = a->compile_options_size, more = sizeof one_thread - 1;
  char *options = malloc(size + more);
  if (!options) return plain_compile(a);
  memcpy(options, given, size);
  memcpy(options + size, one_thread, more);
  a->compile_options = options;
  a->compile_options_size = size + more;
  PJRT_Error *e = find_or_compile(a);
  a->compile_options = given;
  a->compile_options_size = size;
  free(options);
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

const char *dr_programs_hook(const char *plugin) {
  void *lib = dlopen(plugin, RTLD_LAZY | RTLD_LOCAL);
  if (!lib) return "it cannot be loaded";
  PJRT_Api *(*get)(void) = (PJRT_Api * (*)(void)) dlsym(lib, "GetPjrtApi");
  if (!get || !(api = get())) return "it is not a PJRT plugin";
  if (api->struct_size < sizeof(PJRT_Api) || api->version.major_version != 0) return "its PJRT interface is not known here";
  if (!writable(&api->client_compile)) return "it does not let its functions be replaced";
  plain_compile = api->client_compile;
  api->client_compile = compile;
  return NULL;
}
