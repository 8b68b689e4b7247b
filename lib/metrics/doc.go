// Package metrics measures images: plain functions over lab.Image, one number per image, each with its protocol.
package metrics
