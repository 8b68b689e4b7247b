// Package kernel is the notebook side of darkroom: it installs JupyterLab and the pinned GoNB in folders of their own (Setup),
// runs GoNB as the Jupyter kernel "Go (darkroom)" in a prepared workspace (Serve), opens JupyterLab (Lab) and executes
// notebooks without a browser (Execute). It knows nothing of methods or of GoMLX: what a cell imports is the cell's affair.
//
// GoNB compiles and runs one Go program per cell: declarations survive from cell to cell, values do not.
package kernel
