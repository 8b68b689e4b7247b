// Package kernel is the notebook side of darkroom: it installs JupyterLab and the pinned GoNB in folders of their own (Setup), is
// the Jupyter kernel "Go (darkroom)" (Serve), opens JupyterLab (Lab) and executes notebooks without a browser (Execute). It knows
// nothing of methods or of GoMLX: what a cell imports is the cell's affair.
//
// The kernel speaks Jupyter's protocol itself (session.go, requests.go, run.go; package wire below it) and answers all that needs no program:
// completion, inspection, history, whether a cell is complete (package cell). A cell to run becomes a program (cell.State.Program)
// for GoNB, unmodified, which is a child process (gonb.go) with this kernel as its only client; what it says of errors becomes one
// error that points to the cell's line (failure.go). GoNB compiles and runs one Go program per cell: declarations survive from cell
// to cell, values do not.
package kernel
