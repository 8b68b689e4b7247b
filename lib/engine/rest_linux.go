package engine

// #include <malloc.h>
import "C"

// trim gives back to the system what C and C++ code has freed.
func trim() { C.malloc_trim(0) }
