package onednn

import (
	"strings"
	"testing"
)

// program holds the three forms of convolution, as GoMLX v0.28.2 with go-xla v0.4.1 prints them for
// Convolve(x, w).Strides(2).PadSame() and its gradients.
const program = `module @Exec {
  func.func @main(%arg0: tensor<3x9x9x4xf32>, %arg1: tensor<4x4x4x6xf32>) -> (tensor<3x5x5x6xf32>, tensor<3x9x9x4xf32>, tensor<4x4x4x6xf32>) {
    %1 = "stablehlo.convolution"(%arg0, %arg1) {
      batch_group_count = 1 : i64,
      dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>,
      feature_group_count = 1 : i64,
      lhs_dilation = array<i64: 1, 1>,
      padding = dense<[[1, 2], [1, 2]]> : tensor<2x2xi64>,
      precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>],
      rhs_dilation = array<i64: 1, 1>,
      window_reversal = array<i1: false, false>,
      window_strides = array<i64: 2, 2>
    } : (tensor<3x9x9x4xf32>, tensor<4x4x4x6xf32>) -> tensor<3x5x5x6xf32>
    %10 = "stablehlo.constant"() { value = dense<0.0> : tensor<f32> } : () -> tensor<f32>
    %11 = "stablehlo.reduce"(%1, %10) ({
      ^reductionFn(%lhs: tensor<f32>, %rhs: tensor<f32>) :
          %9 = "stablehlo.add"(%lhs, %rhs) : (tensor<f32>, tensor<f32>) -> tensor<f32>
          "stablehlo.return"(%9) : (tensor<f32>) -> ()
    }) { dimensions = array<i64: 0, 1, 2, 3> } : (tensor<3x5x5x6xf32>, tensor<f32>) -> tensor<f32>
    %33 = "stablehlo.reverse"(%arg1) { dimensions = array<i64: 0, 1> } : (tensor<4x4x4x6xf32>) -> tensor<4x4x4x6xf32>
    %34 = "stablehlo.convolution"(%1, %33) {
      batch_group_count = 1 : i64,
      dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]>,
      feature_group_count = 1 : i64,
      lhs_dilation = array<i64: 2, 2>,
      padding = dense<[[2, 1], [2, 1]]> : tensor<2x2xi64>,
      precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>],
      rhs_dilation = array<i64: 1, 1>,
      window_reversal = array<i1: false, false>,
      window_strides = array<i64: 1, 1>
    } : (tensor<3x5x5x6xf32>, tensor<4x4x4x6xf32>) -> tensor<3x9x9x4xf32>
    %35 = "stablehlo.convolution"(%arg0, %1) {
      batch_group_count = 1 : i64,
      dimension_numbers = #stablehlo.conv<[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]>,
      feature_group_count = 1 : i64,
      lhs_dilation = array<i64: 1, 1>,
      padding = dense<[[1, 2], [1, 2]]> : tensor<2x2xi64>,
      precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>],
      rhs_dilation = array<i64: 2, 2>,
      window_reversal = array<i1: false, false>,
      window_strides = array<i64: 1, 1>
    } : (tensor<3x9x9x4xf32>, tensor<3x5x5x6xf32>) -> tensor<4x4x4x6xf32>
    "stablehlo.return"(%1, %34, %35) : (tensor<3x5x5x6xf32>, tensor<3x9x9x4xf32>, tensor<4x4x4x6xf32>) -> ()
  }
}
`

// rewrite returns what was recognised too.
func rewrite(text string) (out string, convs []Conv, seen int) {
	out, seen, _ = Rewrite(text, func(c Conv) bool {
		convs = append(convs, c)
		return true
	})
	return out, convs, seen
}

func TestRewriteRecognisesTheThreeForms(t *testing.T) {
	out, convs, seen := rewrite(program)
	forward := Conv{Kind: Forward, N: 3, H: 9, W: 9, C: 4, OH: 5, OW: 5, K: 6, KH: 4, KW: 4, StrideH: 2, StrideW: 2, DilateH: 1, DilateW: 1,
		Top: 1, Bottom: 2, Left: 1, Right: 2, Groups: 1, WeightStrides: [5]int{6, 1, 6, 96, 24}}
	data, weights := forward, forward
	data.Kind, data.WeightStrides[0] = BackwardData, 24
	weights.Kind = BackwardWeights
	want := []Conv{forward, data, weights}
	if seen != 3 || len(convs) != 3 {
		t.Fatalf("saw %d, recognised %d, want 3 of 3", seen, len(convs))
	}
	for i := range want {
		if convs[i] != want[i] {
			t.Errorf("%d: got  %+v\nwant %+v", i, convs[i], want[i])
		}
	}
	if strings.Contains(out, "stablehlo.convolution") || strings.Count(out, `"`+Target+`"`) != 3 {
		t.Errorf("not every convolution was replaced:\n%s", out)
	}
	if !strings.Contains(out, `%34 = "stablehlo.custom_call"(%1, %arg1) {`) {
		t.Errorf("the input gradient does not read the kernel that was reversed:\n%s", out)
	}
}

// TestRewriteLeaves changes one thing at a time into something that is not understood: that convolution must stay, byte for byte.
func TestRewriteLeaves(t *testing.T) {
	first := program[:strings.Index(program, "%10 =")]
	for _, c := range []struct{ old, new string }{
		{"3x9x9x4xf32", "3x9x9x4xf64"},
		{"3x9x9x4xf32", "?x9x9x4xf32"},
		{"3x9x9x4xf32", "0x9x9x4xf32"},
		{"3x9x9x4xf32", "3x9x9x5xf32"},
		{"3x5x5x6xf32>\n", "3x5x5x6xbf16>\n"},
		{"array<i1: false, false>", "array<i1: true, false>"},
		{"feature_group_count = 1", "feature_group_count = 5"},
		{"batch_group_count = 1", "batch_group_count = 3"},
		{"window_strides = array<i64: 2, 2>", "window_strides = array<i64: 0, 2>"},
		{"[[1, 2], [1, 2]]", "[[-1, 2], [1, 2]]"},
		{"[[1, 2], [1, 2]]", "[[1, 20], [1, 2]]"},
		{"dense<[[1, 2], [1, 2]]>", "dense<1>"},
		{"lhs_dilation = array<i64: 1, 1>", "lhs_dilation = array<i64: 2, 2>"},
		{"[b, 0, 1, f]x", "[f, 0, 1, b]x"},
		{"[b, 0, 1, f]x", "[b, 1, 0, f]x"},
		{"[b, 0, 1, f]x", "[b, 0, 0, f]x"},
		{"window_reversal", "window_something"},
		{"      lhs_dilation = array<i64: 1, 1>,\n", ""},
		{"%1 =", "%1:2 ="},
		{`    %1 =`, `    // %1 =`},
		{"(%arg0, %arg1)", "(%arg0, %arg1, %arg1)"},
	} {
		text := strings.Replace(first, c.old, c.new, 1)
		if c.old[0] == '3' { // a type occurs in the function's signature first
			text = strings.Replace(first, ": ("+"tensor<"+c.old, ": ("+"tensor<"+c.new, 1)
		}
		if text == first && c.old != "3x5x5x6xf32>\n" {
			t.Fatalf("%q is not in the program", c.old)
		}
		if c.old == "3x5x5x6xf32>\n" {
			text = strings.Replace(first, c.old, c.new, 1)
		}
		if out, convs, _ := rewrite(text); out != text {
			t.Errorf("with %q for %q the convolution was taken for %+v", c.new, c.old, convs)
		}
	}
}

// TestMirrorIsScoped: a name in a closed region, or of another function, is another value.
func TestMirrorIsScoped(t *testing.T) {
	kernels := func(text string) []bool {
		_, convs, _ := rewrite(text)
		var flips []bool
		for _, c := range convs {
			flips = append(flips, c.Flip)
		}
		return flips
	}
	const reverse = `    %33 = "stablehlo.reverse"(%arg1) { dimensions = array<i64: 0, 1> } : (tensor<4x4x4x6xf32>) -> tensor<4x4x4x6xf32>` + "\n"
	for name, c := range map[string]struct {
		text string
		flip bool
	}{
		"reversed":          {program, false},
		"not reversed":      {strings.Replace(program, reverse, "", 1), true},
		"one axis only":     {strings.Replace(program, "dimensions = array<i64: 0, 1> } : (tensor<4x4", "dimensions = array<i64: 0> } : (tensor<4x4", 1), true},
		"in another region": {strings.Replace(program, reverse, "    }) ({\n  "+reverse+"    }) ({\n", 1), true},
		"a block argument":  {strings.Replace(program, reverse, reverse+"    ^bb0(%33: tensor<4x4x4x6xf32>):\n", 1), true},
		"a new value":       {strings.Replace(program, reverse, reverse+"    %33 = \"stablehlo.negate\"(%arg1)\n", 1), true},
	} {
		got := kernels(c.text)
		if len(got) != 3 || got[1] != c.flip {
			t.Errorf("%s: flips %v, want %v for the second of three", name, got, c.flip)
		}
	}
}

// biasProgram is what GoMLX prints for Add(Convolve(x, w).Strides(2).PadSame(), bias), bias of one axis expanded to four.
var biasProgram = program[:strings.Index(program, "    %10 =")] +
	`    %2 = "stablehlo.reshape"(%bias) : (tensor<6xf32>) -> tensor<1x1x1x6xf32>
    %3 = "stablehlo.broadcast_in_dim"(%2) { broadcast_dimensions = array<i64: 0, 1, 2, 3> } : (tensor<1x1x1x6xf32>) -> tensor<3x5x5x6xf32>
    %4 = "stablehlo.add"(%1, %3) : (tensor<3x5x5x6xf32>, tensor<3x5x5x6xf32>) -> tensor<3x5x5x6xf32>
    "stablehlo.return"(%4) : (tensor<3x5x5x6xf32>) -> ()
  }
}
`

func TestRewriteFusesTheBias(t *testing.T) {
	fused := func(text string) bool {
		out, convs, _ := rewrite(text)
		if len(convs) == 2 && convs[1].Bias {
			if strings.Contains(out, "stablehlo.add") || strings.Contains(out, "%1 =") ||
				!strings.Contains(out, `%4 = "stablehlo.custom_call"(%arg0, %arg1, %2) {`) {
				t.Errorf("not the fused program:\n%s", out)
			}
			return true
		}
		if !strings.Contains(out, "stablehlo.add") || !strings.Contains(out, "%1 =") {
			t.Errorf("the addition is lost:\n%s", out)
		}
		return false
	}
	for _, c := range []struct {
		name, old, new string
		want           bool
	}{
		{"as it is", "", "", true},
		{"other order", `add"(%1, %3)`, `add"(%3, %1)`, true},
		{"read twice", `return"(%4)`, `return"(%4, %1)`, false},
		{"added to itself", `add"(%1, %3)`, `add"(%1, %1)`, false},
		{"another operation", `"stablehlo.add"(%1`, `"stablehlo.multiply"(%1`, false},
		{"another axis", "array<i64: 0, 1, 2, 3>", "array<i64: 0, 1, 3, 2>", false},
		{"not a vector", "tensor<1x1x1x6xf32>) -> tensor<3x5x5x6", "tensor<3x1x1x6xf32>) -> tensor<3x5x5x6", false},
		{"in a region", `    %4 = "stablehlo.add"`, "    }) ({\n" + `    %4 = "stablehlo.add"`, false},
	} {
		text := strings.Replace(biasProgram, c.old, c.new, 1)
		if c.name == "another operation" { // and no addition to look for
			if _, convs, _ := rewrite(text); len(convs) != 1 {
				t.Errorf("%s: %v", c.name, convs)
			}
			continue
		}
		if got := fused(text); got != c.want {
			t.Errorf("%s: fused %v, want %v", c.name, got, c.want)
		}
	}
}

// FuzzRewrite: the pass never panics; what it does not take stays byte for byte; and with nothing accepted nothing changes at all.
func FuzzRewrite(f *testing.F) {
	f.Add(program)
	f.Add(biasProgram)
	f.Add(calling)
	f.Add(strings.Replace(program, "f32", "f16", -1))
	f.Add(strings.Replace(program, "\n", "\r\n", -1))
	f.Add("%1 = \"stablehlo.convolution\"(%a, %b) {\n} : (")
	f.Fuzz(func(t *testing.T, text string) {
		if out, _, taken := Rewrite(text, func(Conv) bool { return false }); out != text || taken != 0 {
			t.Fatal("a program changed although nothing was accepted")
		}
		out, seen, taken := Rewrite(text, func(c Conv) bool {
			if !c.consistent() || c.Groups < 1 || c.N < 1 || c.WeightStrides[1] < 1 {
				t.Fatalf("not a convolution: %+v", c)
			}
			return !c.Bias && !c.Activated
		})
		if taken > seen || (taken == 0 && out != text) {
			t.Fatalf("took %d of %d", taken, seen)
		}
		// Everything outside the statements that were taken is still there, in order: take the calls out of the one and the
		// convolutions out of the other.
		if got, want := without(out, `"stablehlo.custom_call"(`), without(text, convolutionOp); taken == seen && got != want {
			t.Fatalf("the rest of the program changed:\n%q\n%q", got, want)
		}
		Rewrite(text, func(Conv) bool { return true })
		RewriteCalls(text)
	})
}

// without returns the text without the statements of an operation, found independently of the pass: from the line with the operation to the line
// that has its types.
func without(text, op string) string {
	var out []string
	inside := false
	for _, line := range strings.SplitAfter(text, "\n") {
		if !inside && strings.Contains(line, " = "+op) && isStatement(line) {
			inside = true
		}
		if !inside {
			out = append(out, line)
		}
		if inside && strings.HasPrefix(strings.TrimLeft(line, " "), "} : (") {
			inside = false
		}
	}
	return strings.Join(out, "")
}
