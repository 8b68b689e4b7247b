//go:build cgo

package programs

/*
#cgo CFLAGS: -O2 -std=gnu11 -Wall -Wextra
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "hook.h"
*/
import "C"

import "unsafe"

func hook(plugin string) (reason string) {
	path := C.CString(plugin)
	defer C.free(unsafe.Pointer(path))
	return C.GoString(C.dr_programs_hook(path)) // the text is static; NULL is ""
}

//export darkroomFindProgram
func darkroomFindProgram(code *C.char, size C.size_t, options *C.char, optionsSize C.size_t, outSize *C.size_t) *C.char {
	program := find(view(code, size), view(options, optionsSize))
	if program == nil {
		return nil
	}
	*outSize = C.size_t(len(program))
	return (*C.char)(C.CBytes(program))
}

//export darkroomKeepProgram
func darkroomKeepProgram(code *C.char, size C.size_t, options *C.char, optionsSize C.size_t, program *C.char, programSize C.size_t) {
	keep(view(code, size), view(options, optionsSize), view(program, programSize))
}

func view(p *C.char, n C.size_t) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(p)), int(n)) }
