// Package sparse has solvers for sparse representation as graph functions that work on many signals at once, and the dictionaries that
// they use. Each solver says how good its solution is: the duality gap bounds how far the objective is from the optimum.
//
// No atoms are screened by the gap (Ndiaye, Fercoq, Gramfort & Salmon 2017, Gap safe screening rules): of 256 cosines for 400 patches of a picture, λ = 0.05,
// each is kept by some patch until the gap is 1e-5 of ½‖y‖², so that the products of a batch would become no smaller, and feature-sign search looks at few
// atoms anyway.
package sparse
