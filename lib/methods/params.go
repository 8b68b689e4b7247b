package methods

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"darkroom/lib/lab"
)

// Widths are the units of consecutive hidden layers, written "500" or "200,200".
type Widths []int

// String writes the widths as they are read.
func (w Widths) String() string {
	parts := make([]string, len(w))
	for i, n := range w {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ",")
}

var widthsType = reflect.TypeFor[Widths]()

// Parameters describes a method's parameters: its exported fields with a default tag. m is a pointer to a struct.
func Parameters(m Method) []lab.Parameter {
	var out []lab.Parameter
	for _, f := range fields(m) {
		d, err := parse(f, f.Tag.Get("default"))
		if err != nil {
			panic(fmt.Sprintf("methods: default of %s: %v", f.Name, err)) // a test builds the whole catalogue
		}
		out = append(out, lab.Parameter{
			Name: parameterName(f.Name), Type: typeName(f), Default: plain(d), Range: f.Tag.Get("range"), Help: f.Tag.Get("help"),
		})
	}
	return out
}

// Apply sets the defaults and then the given parameters, and returns the whole set as plain values. The error names the parameter,
// the value and what would fit.
func Apply(name string, m Method, set lab.Set) (lab.Set, error) {
	fs := fields(m)
	v := reflect.ValueOf(m).Elem()
	whole := lab.Set{}
	known := map[string]reflect.StructField{}
	var names []string
	for _, f := range fs {
		n := parameterName(f.Name)
		known[n] = f
		names = append(names, n)
		if _, given := set[n]; !given {
			d, err := parse(f, f.Tag.Get("default"))
			if err != nil {
				return nil, err
			}
			v.FieldByIndex(f.Index).Set(d)
			if !later(f, d) {
				whole[n] = plain(d)
			}
		}
	}
	for n, given := range set {
		f, ok := known[n]
		if !ok {
			return nil, fmt.Errorf("%s has no parameter %q%s; it has %s", name, n, lab.Suggest(n, names), strings.Join(names, ", "))
		}
		text, err := textOf(given)
		if err != nil {
			return nil, fmt.Errorf("%s: parameter %s: %w", name, n, err)
		}
		value, err := parse(f, text)
		if err != nil {
			return nil, fmt.Errorf("%s: parameter %s = %q: %w (%s)", name, n, text, err, f.Tag.Get("help"))
		}
		v.FieldByIndex(f.Index).Set(value)
		if !later(f, value) {
			whole[n] = plain(value)
		}
	}
	return whole, nil
}

// later says that a parameter, tagged `later:"true"`, came to its method when there were runs already, and has the value by which nothing changes: it is
// left out of the set, so that those runs are still found by their hashes.
func later(f reflect.StructField, value reflect.Value) bool {
	return f.Tag.Get("later") == "true" && fmt.Sprint(plain(value)) == f.Tag.Get("default")
}

func fields(m Method) []reflect.StructField {
	t := reflect.TypeOf(m)
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("methods: %T is no pointer to a struct", m))
	}
	var out []reflect.StructField
	for _, f := range reflect.VisibleFields(t.Elem()) {
		if _, ok := f.Tag.Lookup("default"); ok && f.IsExported() {
			out = append(out, f)
		}
	}
	return out
}

// parameterName writes LearningRate as learning-rate.
func parameterName(field string) string {
	var b strings.Builder
	for i, r := range field {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func typeName(f reflect.StructField) string {
	switch {
	case f.Type == widthsType:
		return "widths"
	case f.Type.Kind() == reflect.Float64:
		return "float"
	default:
		return f.Type.Kind().String()
	}
}

// plain is the value as it stands in a spec.
func plain(v reflect.Value) any {
	if w, ok := v.Interface().(Widths); ok {
		return w.String()
	}
	return v.Interface()
}

func textOf(v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case bool, int, int64:
		return fmt.Sprint(x), nil
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64), nil
	case json.Number:
		return x.String(), nil
	case []int:
		return Widths(x).String(), nil
	case Widths:
		return x.String(), nil
	default:
		return "", fmt.Errorf("%v is a %T; use a number, a string or true/false", v, v)
	}
}

func parse(f reflect.StructField, text string) (reflect.Value, error) {
	limits := f.Tag.Get("range")
	fail := func(want string) (reflect.Value, error) { return reflect.Value{}, fmt.Errorf("must be %s", want) }
	switch {
	case f.Type == widthsType:
		var w Widths
		for part := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(part))
			if err != nil {
				return fail(`whole numbers separated by commas, such as "500" or "200,200"`)
			}
			if err := within(limits, float64(n)); err != nil {
				return reflect.Value{}, err
			}
			w = append(w, n)
		}
		return reflect.ValueOf(w), nil
	case f.Type.Kind() == reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			x, ferr := strconv.ParseFloat(text, 64) // JSON and notebooks may write 20 as 2e1
			if ferr != nil || x != math.Trunc(x) || math.Abs(x) > 1e15 {
				return fail("a whole number" + rangeText(limits))
			}
			n = int(x)
		}
		return reflect.ValueOf(n), within(limits, float64(n))
	case f.Type.Kind() == reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return fail("a number" + rangeText(limits))
		}
		return reflect.ValueOf(x), within(limits, x)
	case f.Type.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fail("true or false")
		}
		return reflect.ValueOf(b), nil
	case f.Type.Kind() == reflect.String:
		if limits != "" {
			words := strings.Split(limits, "|")
			for _, w := range words {
				if w == text {
					return reflect.ValueOf(text), nil
				}
			}
			return fail("one of " + strings.Join(words, ", ") + lab.Suggest(text, words))
		}
		return reflect.ValueOf(text), nil
	}
	return reflect.Value{}, fmt.Errorf("parameters of type %s are not supported", f.Type)
}

// within checks a range "low:high", either side may be missing.
func within(limits string, x float64) error {
	low, high, ok := strings.Cut(limits, ":")
	if !ok {
		return nil
	}
	lo, lerr := strconv.ParseFloat(low, 64)
	hi, herr := strconv.ParseFloat(high, 64)
	if lerr == nil && x < lo || herr == nil && x > hi {
		return fmt.Errorf("must be%s", rangeText(limits))
	}
	return nil
}

func rangeText(limits string) string {
	low, high, ok := strings.Cut(limits, ":")
	switch {
	case !ok:
		return ""
	case high == "":
		return " at least " + low
	case low == "":
		return " at most " + high
	default:
		return " between " + low + " and " + high
	}
}
