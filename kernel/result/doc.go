// Package result is linked into a notebook cell whose last line is an expression: it hands the value to the kernel, which shows it as
// the cell's Out.
package result
