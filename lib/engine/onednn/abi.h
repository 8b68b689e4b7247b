// The few parts of three C interfaces that are used here, declared by hand so that nothing is needed to build:
// PJRT (a plugin's functions), XLA's typed FFI (a handler's call frame) and oneDNN 3.x. Layouts are fixed by those projects' compatibility
// rules: structs only grow at their end, and carry their size. Only fields that every supported version has are declared.
#ifndef DARKROOM_ABI_H
#define DARKROOM_ABI_H
#include <stddef.h>
#include <stdint.h>

// ---- PJRT (pjrt_c_api.h) ----

typedef struct PJRT_Extension {
  size_t struct_size;
  int type;
  struct PJRT_Extension *next;
} PJRT_Extension;

enum { PJRT_EXTENSION_FFI = 5 };

typedef struct PJRT_Error PJRT_Error;
typedef struct PJRT_Client PJRT_Client;

typedef struct {
  size_t struct_size;
  PJRT_Extension *extension_start;
  PJRT_Error *error;
} PJRT_Error_Destroy_Args;

typedef struct {
  size_t struct_size;
  PJRT_Extension *extension_start;
  const PJRT_Error *error;
  const char *message;  // out
  size_t message_size;  // out
} PJRT_Error_Message_Args;

typedef struct {
  size_t struct_size;
  PJRT_Extension *extension_start;
  PJRT_Client *client;
  const char *platform_name;  // out
  size_t platform_name_size;  // out
} PJRT_Client_PlatformName_Args;

typedef struct {
  size_t struct_size;
  PJRT_Extension *extension_start;
  char *code;
  size_t code_size;
  const char *format;
  size_t format_size;
} PJRT_Program;

typedef struct {
  size_t struct_size;
  PJRT_Extension *extension_start;
  PJRT_Client *client;
  const PJRT_Program *program;
  const char *compile_options;
  size_t compile_options_size;
  void *executable;  // out
} PJRT_Client_Compile_Args;

typedef PJRT_Error *PJRT_Client_Compile_Fn(PJRT_Client_Compile_Args *);

typedef struct {
  size_t struct_size;
  PJRT_Extension *extension_start;
  struct {
    size_t struct_size;
    PJRT_Extension *extension_start;
    int major_version, minor_version;
  } version;
  void (*error_destroy)(PJRT_Error_Destroy_Args *);
  void (*error_message)(PJRT_Error_Message_Args *);
  void *error_get_code;
  void *plugin_initialize, *plugin_attributes;
  void *event_destroy, *event_is_ready, *event_error, *event_await, *event_on_ready;
  void *client_create, *client_destroy;
  PJRT_Error *(*client_platform_name)(PJRT_Client_PlatformName_Args *);
  void *client_process_index, *client_platform_version, *client_devices, *client_addressable_devices;
  void *client_lookup_device, *client_lookup_addressable_device, *client_addressable_memories;
  PJRT_Client_Compile_Fn *client_compile;
} PJRT_Api;

typedef struct {
  size_t struct_size;
  const char *target_name;
  size_t target_name_size;
  void *handler;
  const char *platform_name;
  size_t platform_name_size;
  int traits;
} PJRT_FFI_Register_Handler_Args;

typedef struct {
  PJRT_Extension base;
  void *type_register, *user_data_add;
  PJRT_Error *(*register_handler)(PJRT_FFI_Register_Handler_Args *);
} PJRT_FFI_Extension;

// ---- XLA's typed FFI (xla/ffi/api/c_api.h) ----

typedef struct XLA_FFI_Error XLA_FFI_Error;

typedef struct XLA_FFI_Extension {
  size_t struct_size;
  int type;
  struct XLA_FFI_Extension *next;
} XLA_FFI_Extension;

enum { XLA_FFI_EXTENSION_METADATA = 1 };

typedef struct {
  size_t struct_size;
  XLA_FFI_Extension *extension_start;
  int major_version, minor_version;
} XLA_FFI_Api_Version;

typedef struct {
  XLA_FFI_Extension base;
  struct {
    size_t struct_size;
    XLA_FFI_Api_Version api_version;
    uint32_t traits;
  } *metadata;
} XLA_FFI_Metadata_Extension;

typedef struct {
  size_t struct_size;
  XLA_FFI_Extension *extension_start;
  const char *message;
  int code;
} XLA_FFI_Error_Create_Args;

enum { XLA_FFI_INVALID_ARGUMENT = 3, XLA_FFI_RESOURCE_EXHAUSTED = 8, XLA_FFI_INTERNAL = 13 };

typedef struct {
  size_t struct_size;
  XLA_FFI_Extension *extension_start;
  XLA_FFI_Error *error;
} XLA_FFI_Error_Destroy_Args;

typedef struct {
  size_t struct_size;
  XLA_FFI_Extension *extension_start;
  void *ctx;
  void (*task)(void *data);
  void *data;
} XLA_FFI_ThreadPool_Schedule_Args;

typedef struct {
  size_t struct_size;
  XLA_FFI_Extension *extension_start;
  XLA_FFI_Api_Version api_version;
  const void *internal_api;
  XLA_FFI_Error *(*error_create)(XLA_FFI_Error_Create_Args *);
  void *error_get_message;
  void (*error_destroy)(XLA_FFI_Error_Destroy_Args *);
  void *handler_register, *stream_get, *type_register, *execution_context_get, *state_set, *state_get;
  void *device_memory_allocate, *device_memory_free;
  XLA_FFI_Error *(*thread_pool_schedule)(XLA_FFI_ThreadPool_Schedule_Args *);
} XLA_FFI_Api;

enum { XLA_FFI_F32 = 11, XLA_FFI_S32 = 4, XLA_FFI_S64 = 5, XLA_FFI_STAGE_EXECUTE = 3, XLA_FFI_BUFFER = 1, XLA_FFI_ATTR_ARRAY = 1 };

typedef struct {
  size_t struct_size;
  XLA_FFI_Extension *extension_start;
  int dtype;
  void *data;
  int64_t rank;
  int64_t *dims;
} XLA_FFI_Buffer;

typedef struct {
  int dtype;
  size_t size;
  void *data;
} XLA_FFI_Array;

typedef struct {
  const char *ptr;
  size_t len;
} XLA_FFI_ByteSpan;

typedef struct {  // arguments, and results
  size_t struct_size;
  XLA_FFI_Extension *extension_start;
  int64_t size;
  int *types;
  void **values;
} XLA_FFI_Values;

typedef struct {
  size_t struct_size;
  XLA_FFI_Extension *extension_start;
  int64_t size;
  int *types;
  XLA_FFI_ByteSpan **names;
  void **values;
} XLA_FFI_Attrs;

typedef struct {
  size_t struct_size;
  XLA_FFI_Extension *extension_start;
  const XLA_FFI_Api *api;
  void *ctx;
  int stage;
  XLA_FFI_Values args, rets;
  XLA_FFI_Attrs attrs;
} XLA_FFI_CallFrame;

// ---- oneDNN 3.x (dnnl.h) ----

typedef struct dnnl_engine *dnnl_engine_t;
typedef struct dnnl_stream *dnnl_stream_t;
typedef struct dnnl_memory *dnnl_memory_t;
typedef struct dnnl_memory_desc *dnnl_memory_desc_t;
typedef const struct dnnl_memory_desc *const_dnnl_memory_desc_t;
typedef struct dnnl_primitive_desc *dnnl_primitive_desc_t;
typedef struct dnnl_primitive *dnnl_primitive_t;
typedef struct dnnl_primitive_attr *dnnl_primitive_attr_t;
typedef struct dnnl_post_ops *dnnl_post_ops_t;
typedef int64_t dnnl_dims_t[12];
typedef struct {
  int arg;
  dnnl_memory_t memory;
} dnnl_exec_arg_t;
typedef struct {
  int major, minor, patch;
  const char *hash;
  unsigned cpu_runtime, gpu_runtime;
} dnnl_version_t;

enum {
  dnnl_success = 0, dnnl_out_of_memory = 1, dnnl_unimplemented = 3,
  dnnl_cpu = 1, dnnl_stream_default = 1, dnnl_f32 = 3, dnnl_format_any = 1, dnnl_scratchpad_user = 1, dnnl_fpmath_strict = 0,
  dnnl_forward_training = 64, dnnl_forward_inference = 96, dnnl_convolution_direct = 1,
  dnnl_query_impl_info_str = 8, dnnl_query_src_md = 129, dnnl_query_diff_src_md = 130, dnnl_query_weights_md = 131,
  dnnl_query_diff_weights_md = 132, dnnl_query_dst_md = 133, dnnl_query_diff_dst_md = 134, dnnl_query_scratchpad_md = 136,
  DNNL_ARG_FROM = 1, DNNL_ARG_SRC = 1, DNNL_ARG_TO = 17, DNNL_ARG_DST = 17, DNNL_ARG_WEIGHTS = 33, DNNL_ARG_BIAS = 41,
  DNNL_ARG_SCRATCHPAD = 80, DNNL_ARG_DIFF_SRC = 129, DNNL_ARG_DIFF_DST = 145, DNNL_ARG_DIFF_WEIGHTS = 161
};

// The functions that are looked up: return type, name without dnnl_, parameters.
#define DNNL_FUNCTIONS(F) \
  F(const dnnl_version_t *, version, (void)) \
  F(int, set_default_fpmath_mode, (int)) \
  F(int, set_primitive_cache_capacity, (int)) \
  F(int, get_effective_cpu_isa, (void)) \
  F(int, engine_create, (dnnl_engine_t *, int, size_t)) \
  F(int, stream_create, (dnnl_stream_t *, dnnl_engine_t, unsigned)) \
  F(int, stream_wait, (dnnl_stream_t)) \
  F(int, stream_destroy, (dnnl_stream_t)) \
  F(int, memory_desc_create_with_strides, (dnnl_memory_desc_t *, int, const dnnl_dims_t, int, const dnnl_dims_t)) \
  F(int, memory_desc_create_with_tag, (dnnl_memory_desc_t *, int, const dnnl_dims_t, int, int)) \
  F(int, memory_desc_clone, (dnnl_memory_desc_t *, const_dnnl_memory_desc_t)) \
  F(int, memory_desc_destroy, (dnnl_memory_desc_t)) \
  F(int, memory_desc_equal, (const_dnnl_memory_desc_t, const_dnnl_memory_desc_t)) \
  F(size_t, memory_desc_get_size, (const_dnnl_memory_desc_t)) \
  F(int, memory_create, (dnnl_memory_t *, const_dnnl_memory_desc_t, dnnl_engine_t, void *)) \
  F(int, memory_destroy, (dnnl_memory_t)) \
  F(int, primitive_attr_create, (dnnl_primitive_attr_t *)) \
  F(int, primitive_attr_set_scratchpad_mode, (dnnl_primitive_attr_t, int)) \
  F(int, primitive_attr_destroy, (dnnl_primitive_attr_t)) \
  F(int, convolution_forward_primitive_desc_create, (dnnl_primitive_desc_t *, dnnl_engine_t, int, int, \
      const_dnnl_memory_desc_t, const_dnnl_memory_desc_t, const_dnnl_memory_desc_t, const_dnnl_memory_desc_t, \
      const dnnl_dims_t, const dnnl_dims_t, const dnnl_dims_t, const dnnl_dims_t, dnnl_primitive_attr_t)) \
  F(int, convolution_backward_data_primitive_desc_create, (dnnl_primitive_desc_t *, dnnl_engine_t, int, \
      const_dnnl_memory_desc_t, const_dnnl_memory_desc_t, const_dnnl_memory_desc_t, const dnnl_dims_t, const dnnl_dims_t, \
      const dnnl_dims_t, const dnnl_dims_t, dnnl_primitive_desc_t, dnnl_primitive_attr_t)) \
  F(int, convolution_backward_weights_primitive_desc_create, (dnnl_primitive_desc_t *, dnnl_engine_t, int, \
      const_dnnl_memory_desc_t, const_dnnl_memory_desc_t, const_dnnl_memory_desc_t, const_dnnl_memory_desc_t, \
      const dnnl_dims_t, const dnnl_dims_t, const dnnl_dims_t, const dnnl_dims_t, dnnl_primitive_desc_t, \
      dnnl_primitive_attr_t)) \
  F(int, reorder_primitive_desc_create, (dnnl_primitive_desc_t *, const_dnnl_memory_desc_t, dnnl_engine_t, \
      const_dnnl_memory_desc_t, dnnl_engine_t, dnnl_primitive_attr_t)) \
  F(int, primitive_desc_query, (dnnl_primitive_desc_t, int, int, void *)) \
  F(const_dnnl_memory_desc_t, primitive_desc_query_md, (dnnl_primitive_desc_t, int, int)) \
  F(int, primitive_desc_destroy, (dnnl_primitive_desc_t)) \
  F(int, primitive_create, (dnnl_primitive_t *, dnnl_primitive_desc_t)) \
  F(int, primitive_execute, (dnnl_primitive_t, dnnl_stream_t, int, const dnnl_exec_arg_t *)) \
  F(int, primitive_destroy, (dnnl_primitive_t)) \
  F(int, sgemm, (char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t, float, float *, \
      int64_t))

struct dnnl_functions {
#define F(result, name, parameters) result(*name) parameters;
  DNNL_FUNCTIONS(F)
#undef F
};
#endif
