package engine

import (
	"runtime"
	"testing"
)

var kept []byte // so that the compiler cannot do without it

func TestRest(t *testing.T) {
	kept = make([]byte, 64<<20)
	for i := 0; i < len(kept); i += 4096 {
		kept[i] = 1
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	kept = nil
	new(Engine).Rest()
	runtime.ReadMemStats(&after)
	held := func(m runtime.MemStats) uint64 { return m.HeapSys - m.HeapReleased }
	if held(before)-held(after) < 48<<20 {
		t.Errorf("of %d MB, 64 of them free, %d MB are left", held(before)>>20, held(after)>>20)
	}
}
