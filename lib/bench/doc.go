// Package bench times training steps: five reference networks, built with lib/nn as shared/peers/NETS.md of the workplace describes them,
// beside the same networks in other frameworks, and the two of darkroom's design article beside TensorFlow. The command `darkroom bench step` is its face. And it times
// sparse coding beside SPAMS and scikit-learn: `darkroom bench sparse`.
package bench
