"""The protocol's own test suite (jupyter_kernel_test) on the darkroom kernel, with a sample for every optional test."""

import unittest

import jupyter_kernel_test


class Darkroom(jupyter_kernel_test.KernelTests):
    kernel_name = "darkroom"
    language_name = "go"
    file_extension = ".go"
    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'fmt.Fprintln(os.Stderr, "oops")'
    completion_samples = [
        {"text": "strings.Repl", "matches": {"Replace", "ReplaceAll", "Replacer"}},
        {"text": "lab.Spec{Meth", "matches": {"Method: "}},
        {"text": "fal", "matches": {"false", "fallthrough"}},
    ]
    complete_code_samples = ["1", "x := 1", "func f() int {\n\treturn 1\n}", "%%\nf()", 'import "fmt"']
    incomplete_code_samples = ["func f() {", "f(", "x := []int{1,", "s := `one\ntwo", "for i := range 3 {\n\tf(i)\n"]
    invalid_code_samples = ["x := )", "import fmt", "for for {}"]
    code_page_something = "strings.Repeat?"
    code_generate_error = 'panic("on purpose")'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": 'strings.Repeat("ab", 2)', "result": '"abab"'},
        {"code": "[]float64{1, 2.5}", "result": "[1 2.5]"},
        {"code": 'strconv.Atoi("12")', "result": "12"},
    ]
    code_display_data = [
        {"code": 'import "github.com/janpfeifer/gonb/gonbui"\ngonbui.DisplayHTML("<b>bold</b>")', "mime": "text/html"},
        {"code": 'import "darkroom/plots"\nplots.Lines(lab.Curves{{Name: \"loss\", X: []float64{1, 2}, Y: []float64{2, 1}}})', "mime": "text/html"},
    ]
    code_history_pattern = "6 * 7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "strings.Repeat"
    code_clear_output = "%clear"


class Welcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "darkroom"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
