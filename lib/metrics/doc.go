// Package metrics measures pictures. A Measure is one number per picture, from lab.Image: averages over pictures, intervals and tests are
// lib/report's. A Score is one number about a whole set of generated pictures, from the Features that a network makes of them: FID, KID,
// precision, recall, density, coverage, the Inception score's form, memorisation. Each comes with its protocol. The package also holds the small
// statistics of generators: label histograms and the log of a mean of exponentials. It knows nothing of networks: features come from outside.
package metrics
