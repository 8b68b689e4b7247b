package result

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
)

// Env names the variable with the file that the kernel reads; without it the value is printed.
const Env = "DARKROOM_RESULT"

// longest is the length of a value's text in bytes, above which the rest is cut.
const longest = 20_000

// Show shows the values of one expression. An error that is nil, behind other values or alone, is left out.
func Show(values ...any) {
	if n := len(values); n > 0 && values[n-1] == nil {
		values = values[:n-1]
	}
	if len(values) == 0 {
		return
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = Text(v)
	}
	text := strings.Join(texts, ", ")
	if len(text) > longest {
		text = fmt.Sprintf("%s … (%d bytes in all)", strings.ToValidUTF8(text[:longest], ""), len(text))
	}
	file := os.Getenv(Env)
	if file == "" {
		fmt.Println(text)
		return
	}
	b, err := json.Marshal(map[string]string{"text/plain": text})
	if err == nil {
		err = os.WriteFile(file, b, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// Text is a value as Go programs print it (%v, with the names of fields), a text in quotes.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case error, fmt.Stringer:
		return fmt.Sprint(v)
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.String {
		return strconv.Quote(r.String())
	}
	return fmt.Sprintf("%+v", v)
}
