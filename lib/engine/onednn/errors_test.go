//go:build linux && amd64 && cgo

package onednn_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/go-xla/pjrt"

	"darkroom/lib/engine/onednn"
)

// call is a program with one custom_call of the handler on x [1, 4, 4, 2] and w [3, 3, 2, 2], with the given values for its convolution.
func call(values string) string {
	return `module @m {
  func.func @main() -> tensor<1x4x4x2xf32> {
    %x = stablehlo.constant dense<1.0> : tensor<1x4x4x2xf32>
    %w = stablehlo.constant dense<1.0> : tensor<3x3x2x2xf32>
    %y = "stablehlo.custom_call"(%x, %w) {
      api_version = 4 : i32,
      backend_config = {` + values + `},
      call_target_name = "` + onednn.Target + `"
    } : (tensor<1x4x4x2xf32>, tensor<3x3x2x2xf32>) -> tensor<1x4x4x2xf32>
    return %y : tensor<1x4x4x2xf32>
  }
}
`
}

// TestErrors: calls that Rewrite would never write come back as errors, not as crashes.
func TestErrors(t *testing.T) {
	enabled(t)
	loaded, err := pjrt.GetPlugin(pluginPath)
	if err != nil {
		t.Fatal(err)
	}
	client, err := loaded.NewClient(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Destroy() }()
	run := func(values string) error {
		e, err := client.Compile().WithStableHLO([]byte(call(values))).Done()
		if err != nil {
			return err
		}
		defer func() { _ = e.Destroy() }()
		_, err = e.Execute().Done()
		return err
	}
	const good = "conv = array<i64: 0, 1, 4, 4, 2, 4, 4, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 4, 1, 2, 12, 4>"
	if err := run(good); err != nil {
		t.Fatalf("the right call failed: %v", err)
	}
	for _, c := range []struct{ name, values, want string }{
		{"another batch", strings.Replace(good, "0, 1, 4", "0, 2, 4", 1), "the buffers are not of these shapes (forward convolution of x [2, 4, 4, 2]"},
		{"other strides of the kernel", strings.Replace(good, "2, 12, 4>", "2, 12, 5>", 1), "the buffers are not of these shapes"},
		{"impossible padding", strings.Replace(good, "1, 1, 1, 1, 1, 1, 1, 1, 1, 0", "1, 1, 1, 1, 9, 1, 1, 1, 1, 0", 1), "oneDNN: failed"},
		{"unknown kind", strings.Replace(good, "i64: 0", "i64: 7", 1), "without the shapes"},
		{"no groups", strings.Replace(good, "1, 0, 0, 0, 0, 4, 1", "0, 0, 0, 0, 0, 4, 1", 1), "without the shapes"},
		{"too few values", "conv = array<i64: 0, 1>", "without the shapes"},
		{"negative sizes", strings.Replace(good, "0, 1, 4, 4", "0, -1, -4, 4", 1), "without the shapes"},
		{"nothing", "", "without the shapes"},
	} {
		err := run(c.values)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
	for kind, results := range map[string]string{
		"omp": "tensor<2x2xi32>, tensor<2x2xf32>", "lasso": "tensor<2x3xf32>, tensor<2x1xi32>", "atoms": "tensor<3x3xf32>, tensor<2x2xf32>",
	} {
		text := fmt.Sprintf(`module @m {
  func.func @main() -> (%[1]s) {
    %%x = stablehlo.constant dense<1.0> : tensor<2x3xf32>
    %%y, %%z = "stablehlo.custom_call"(%%x, %%x, %%x, %%x, %%x, %%x) {api_version = 4 : i32, backend_config = {}, call_target_name = "darkroom.%[2]s"} :
      (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> (%[1]s)
    return %%y, %%z : %[1]s
  }
}
`, results, kind)
		e, err := client.Compile().WithStableHLO([]byte(text)).Done()
		if err == nil {
			_, err = e.Execute().Done()
			_ = e.Destroy()
		}
		if err == nil || !strings.Contains(err.Error(), "do not fit") {
			t.Errorf("%s: got %v, want an error with \"do not fit\"", kind, err)
		}
	}
}

// TestOff: where something is missing or wrong, Enable says what, and the process goes on. Each case is a process of its own, this test
// again with PLUGIN set.
func TestOff(t *testing.T) {
	if p := os.Getenv("PLUGIN"); p != "" {
		s := onednn.Enable(p, nil)
		fmt.Printf("status: %s; error: %v\n", s, s.Err)
		return
	}
	_, s := backend()
	home := t.TempDir()
	bad := filepath.Join(home, "cache", filepath.FromSlash(onednn.Library.Name))
	if err := os.MkdirAll(filepath.Dir(bad), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, []byte("not oneDNN"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, plugin, want string
		env                []string
	}{
		{"asked for", pluginPath, "convolutions by XLA: DARKROOM_KERNELS=xla; error: <nil>", []string{"DARKROOM_KERNELS=xla"}},
		{"unknown mode", pluginPath, `error: DARKROOM_KERNELS="fast" is not known`, []string{"DARKROOM_KERNELS=fast"}},
		{"foreign library", pluginPath, "SHA-256 differs", []string{"DARKROOM_KERNELS=auto", "DARKROOM_HOME=" + home}},
		{"foreign library, required", pluginPath, "error: DARKROOM_KERNELS=onednn asks for oneDNN, but", []string{"DARKROOM_KERNELS=onednn", "DARKROOM_HOME=" + home}},
		{"not a plugin", s.Library, "is not a PJRT plugin; error: <nil>", []string{"DARKROOM_KERNELS=auto"}},
		{"no plugin", "/nowhere.so", "cannot load the plugin /nowhere.so", []string{"DARKROOM_KERNELS=auto"}},
	} {
		if c.plugin == "" {
			continue // oneDNN is off in this process
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestOff$")
		cmd.Env = append(append(os.Environ(), "PLUGIN="+c.plugin), c.env...)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "status: convolutions by XLA: ") || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v, want %q in\n%s", c.name, err, c.want, out)
		}
	}
}
