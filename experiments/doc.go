// Package experiments holds the comparisons: a task, several methods, several seeds, a table. Each is plain data in
// a file of its own; Run carries out what is missing through a lab.Lab and Record keeps the outcome under results/.
// Nothing here trains, measures or links GoMLX.
package experiments
