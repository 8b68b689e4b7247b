//go:build cgo

package onednn

/*
#cgo CFLAGS: -O3 -std=gnu11 -Wall -Wextra
#cgo LDFLAGS: -ldl -lpthread -lm
#include <stdlib.h>
#include "darkroom.h"
*/
import "C"

import (
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/cpu"
)

func unsupported() string {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return "the CPU has no AVX2"
	}
	return ""
}

// start loads the library and hooks the plugin.
func start(plugin, library string, threads int) (s Status, reason string) {
	cPlugin, cLibrary, cGomp := C.CString(plugin), C.CString(library), C.CString("libgomp.so.1")
	defer C.free(unsafe.Pointer(cPlugin))
	defer C.free(unsafe.Pointer(cLibrary))
	defer C.free(unsafe.Pointer(cGomp))
	if r := C.dr_load(cLibrary, cGomp); r != nil {
		defer C.free(unsafe.Pointer(r))
		return s, C.GoString(r)
	}
	s.Threads = min(threads, 64)
	C.dr_set_threads(C.int(s.Threads))
	s.Version = fmt.Sprintf("%d.%d.%d", C.dr_major(), C.dr_minor(), C.dr_patch())
	s.CPU = cpuName() + ", " + isaName(int(C.dr_isa()))
	if r := C.dr_hook(cPlugin, C.CString(Target), C.CString(SumTarget)); r != nil { // the plugin keeps the names
		defer C.free(unsafe.Pointer(r))
		return s, C.GoString(r)
	}
	return s, ""
}

// cpuName is the CPU's own name for itself.
func cpuName() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for _, line := range strings.Split(string(info), "\n") {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unknown CPU"
}

// isaName names oneDNN's instruction sets (dnnl_cpu_isa_t).
func isaName(isa int) string {
	names := map[int]string{0x1: "SSE4.1", 0x3: "AVX", 0x7: "AVX2", 0xf: "AVX2 VNNI", 0x27: "AVX-512", 0x67: "AVX-512 VNNI",
		0x1f: "AVX2 VNNI 2", 0xe7: "AVX-512 BF16", 0x1ef: "AVX-512 FP16", 0xfef: "AVX-512 AMX", 0x1fef: "AVX-512 AMX FP16"}
	if n, ok := names[isa]; ok {
		return n
	}
	return fmt.Sprintf("instruction set %#x", isa)
}

// accepts asks oneDNN whether it has a fast implementation.
func accepts(c Conv) bool {
	conv := cConv(c)
	var impl [64]C.char
	return worthwhile(c) && C.dr_accepts(&conv, &impl[0], C.size_t(len(impl))) == 1
}

func cConv(c Conv) C.dr_conv {
	var conv C.dr_conv
	to := (*[C.DR_CONV_VALUES]C.int64_t)(unsafe.Pointer(&conv))
	for i, v := range c.values() {
		to[i] = C.int64_t(v)
	}
	return conv
}

// goConv is the inverse of cConv.
func goConv(conv *C.dr_conv) Conv {
	v := (*[C.DR_CONV_VALUES]C.int64_t)(unsafe.Pointer(conv))
	var c Conv
	c.Kind = Kind(v[0])
	for i, to := range []*int{&c.N, &c.H, &c.W, &c.C, &c.OH, &c.OW, &c.K, &c.KH, &c.KW, &c.StrideH, &c.StrideW, &c.DilateH, &c.DilateW,
		&c.Top, &c.Bottom, &c.Left, &c.Right, &c.Groups} {
		*to = int(v[1+i])
	}
	c.Flip, c.Bias, c.Activated, c.Slope = v[19] != 0, v[20] != 0, v[21] != 0, math.Float32frombits(uint32(v[22]))
	for i := range c.WeightStrides {
		c.WeightStrides[i] = int(v[23+i])
	}
	return c
}

func timeEach() (stop func() []Timing) {
	C.dr_time_each(1)
	return func() []Timing {
		var raw [256]C.dr_timing
		n := int(C.dr_timings(&raw[0], C.int(len(raw))))
		C.dr_time_each(0)
		out := make([]Timing, n)
		for i := range out {
			out[i] = Timing{goConv(&raw[i].conv), int64(raw[i].calls), time.Duration(raw[i].nanoseconds)}
		}
		return out
	}
}

func peak() float64 { return float64(C.dr_peak()) }

func handlerCounts() (fallbacks, calls int64, spent time.Duration) {
	return int64(C.dr_fallbacks()), int64(C.dr_calls()), time.Duration(C.dr_nanoseconds())
}

// TuneMemory keeps glibc's malloc from giving big blocks back to the kernel after every step, which costs a small network
// 100 MB of page faults a step, and asks for huge pages for the first GiB of the heap. Enable calls it. It takes no memory until that is used.
func TuneMemory() { tuneMemory() }

var tuneMemory = sync.OnceFunc(func() { C.dr_tune_memory(1 << 30) })

//export darkroomRewrite
func darkroomRewrite(code *C.char, size C.size_t, outSize *C.size_t) (out *C.char) {
	defer func() {
		if recover() != nil { // a defect of the pass must not stop a program that XLA can compile
			out = nil
		}
	}()
	counts.programs.Add(1)
	if switched.Load() {
		return nil
	}
	program := C.GoStringN(code, C.int(size))
	rewritten, seen, taken := Rewrite(program, accepts)
	counts.seen.Add(int64(seen))
	counts.taken.Add(int64(taken))
	rewritten, sums := RewriteSums(rewritten, worthwhileSum)
	counts.sums.Add(int64(sums))
	rewritten, codes := RewriteCalls(rewritten)
	counts.codes.Add(int64(codes))
	if taken+sums+codes == 0 {
		return nil
	}
	*outSize = C.size_t(len(rewritten))
	return C.CString(rewritten)
}
