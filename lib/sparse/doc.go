// Package sparse has solvers for sparse representation as graph functions that work on many signals at once, and the dictionaries that
// they use. Each solver says how good its solution is: the duality gap bounds how far the objective is from the optimum.
package sparse
