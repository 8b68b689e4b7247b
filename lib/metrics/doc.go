// Package metrics measures images: plain functions over lab.Image, one number per image, each with its protocol.
// Averages over images, intervals and tests are lib/report's; this package never reduces over a batch. It also holds
// the small statistics of generators: label histograms and the log of a mean of exponentials.
package metrics
