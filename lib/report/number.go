package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Text writes value ± half the interval's width, such as "29.46 ± 0.36": the width with two significant digits, the
// value with as many decimals. Without an interval it is the value with four significant digits.
func (c Cell) Text() string {
	value, half := c.numbers()
	if half == "" {
		return minus(value)
	}
	return minus(value) + " ± " + half
}

// numbers returns the value and half the interval's width; the latter is empty where there is none.
func (c Cell) numbers() (value, half string) {
	if c.Low == nil || c.High == nil || *c.High <= *c.Low {
		return significant(c.Value), ""
	}
	h := (*c.High - *c.Low) / 2
	d := decimals(h, 2)
	return strconv.FormatFloat(c.Value, 'f', d, 64), strconv.FormatFloat(h, 'f', d, 64)
}

// significant writes v with four significant digits, and in full if it is a whole number.
func significant(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', decimals(v, 4), 64)
}

// short writes v with two significant digits.
func short(v float64) string { return strconv.FormatFloat(v, 'f', decimals(v, 2), 64) }

// decimals is how many decimals show v with the given number of significant digits; at least 0, at most 12.
func decimals(v float64, digits int) int {
	v = math.Abs(v)
	if v == 0 {
		return 0
	}
	d := digits - 1 - int(math.Floor(math.Log10(v)))
	if math.Round(v*math.Pow10(d)) >= math.Pow10(digits) { // 0.0996 is shown as 0.10
		d--
	}
	return min(max(d, 0), 12)
}

// Text writes the difference with its interval's half width and p, such as "+3.12 ± 0.41 (p = 0.016)".
func (p Paired) Text() string {
	return minus(p.number()) + " (" + p.chance() + ")"
}

func (p Paired) number() string {
	value, half := Cell{Value: p.Difference, Low: &p.Low, High: &p.High}.numbers()
	if p.Difference > 0 {
		value = "+" + value
	}
	if half != "" {
		value += " ± " + half
	}
	return value
}

// chance writes p: "p = 0.016", or "p < 0.001".
func (p Paired) chance() string {
	if p.P < 0.001 {
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.2g", p.P)
}

// minus puts the typographic minus sign.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// duration writes seconds for people: "0.84 s", "12 s", "3 min 20 s", "2 h 5 min".
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	switch {
	case seconds < 9.95:
		return fmt.Sprintf("%.2g s", seconds)
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
}
