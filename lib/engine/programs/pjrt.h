// The parts of PJRT's C interface (pjrt_c_api.h) that are used here. Structs only grow at their end, and carry their size.
#ifndef DARKROOM_PROGRAMS_PJRT_H
#define DARKROOM_PROGRAMS_PJRT_H
#include <stddef.h>

typedef struct PJRT_Error PJRT_Error;

typedef struct {
  size_t struct_size;
  void *extension_start;
  PJRT_Error *error;
} PJRT_Error_Destroy_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  char *code;
  size_t code_size;
  const char *format;
  size_t format_size;
} PJRT_Program;

typedef struct {
  size_t struct_size;
  void *extension_start;
  void *client;
  const PJRT_Program *program;
  const char *compile_options;
  size_t compile_options_size;
  void *executable;  // out
} PJRT_Client_Compile_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  void *executable;
} PJRT_Executable_Destroy_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  void *loaded_executable;
  void *executable;  // out
} PJRT_LoadedExecutable_GetExecutable_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  const void *executable;
  const char *serialized_bytes;  // out
  size_t serialized_bytes_size;  // out
  void *serialized_executable;   // out
  void (*serialized_executable_deleter)(void *);  // out
} PJRT_Executable_Serialize_Args;

typedef struct {
  size_t struct_size;
  void *extension_start;
  void *client;
  const char *serialized_executable;
  size_t serialized_executable_size;
  void *loaded_executable;  // out
  const char *overridden_serialized_compile_options;
  size_t overridden_serialized_compile_options_size;
} PJRT_Executable_DeserializeAndLoad_Args;

typedef PJRT_Error *PJRT_Client_Compile_Fn(PJRT_Client_Compile_Args *);

typedef struct {
  size_t struct_size;
  void *extension_start;
  struct {
    size_t struct_size;
    void *extension_start;
    int major_version, minor_version;
  } version;
  void (*error_destroy)(PJRT_Error_Destroy_Args *);
  void *errors_events_and_clients[19];
  PJRT_Client_Compile_Fn *client_compile;
  void *buffers_devices_and_memories[19];
  PJRT_Error *(*executable_destroy)(PJRT_Executable_Destroy_Args *);
  void *properties[8];
  PJRT_Error *(*executable_serialize)(PJRT_Executable_Serialize_Args *);
  void *loaded_executable_destroy;
  PJRT_Error *(*loaded_executable_get_executable)(PJRT_LoadedExecutable_GetExecutable_Args *);
  void *loaded_executables[4];
  PJRT_Error *(*executable_deserialize_and_load)(PJRT_Executable_DeserializeAndLoad_Args *);
} PJRT_Api;

#endif
