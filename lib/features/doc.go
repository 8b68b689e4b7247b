// Package features has fixed networks that look at pictures: what they make of them is compared where pixels say too little. Their weights are
// files pinned by SHA-256, or one that the user gives; nothing here is trained.
package features
