// Package cell makes programs of notebook cells. Parse divides a cell into what persists (imports, functions, types, constants, and
// the variables above its first statement), commands for the kernel (% and !), and statements; Program is what GoNB is given, with a
// map of its lines; State remembers what earlier cells have declared, and checks types with the compiler's export data, for
// completion, inspection and the value of a last expression. It runs nothing but go list.
package cell
