// Package data opens datasets as 8-bit pictures: from a pinned package or address, or from a folder of one's own, in one domain or in the two
// that translation wants. It checks every file by SHA-256, splits into training and test pictures so that nothing leaks, crops and resizes,
// and says in which order a training run sees the pictures. It knows nothing of models or devices and does not import GoMLX.
package data
