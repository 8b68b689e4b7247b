//go:build !linux || !cgo

package programs

func hook(string) string { return "it is done on Linux only" }
