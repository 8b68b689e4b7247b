// Package plots draws the figures of darkroom and shows them. A figure is made by a pure function from plain data (Lines,
// Compare, Grid, Manifold, Restorations, Bars), becomes bytes with SVG, PNG, PDF or HTML, or a file with Save, and is shown
// by Show: inline in a notebook, as a file elsewhere. Live follows a training while it runs.
//
// Figures are drawn on gonum/plot, in colours that colour-blind people can tell apart, for light and dark pages.
// The same data gives the same bytes. The package knows package lab's plain data and nothing of the engine.
package plots
