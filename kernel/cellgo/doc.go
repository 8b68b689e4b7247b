// Command cellgo stands before the go command on the PATH of the notebook kernel. GoNB calls go three
// times for each cell; cellgo makes those calls offline, fast and ready for darkroom's packages:
//
//   - "go mod init" writes the prepared go.mod and go.sum, which know darkroom, GoMLX and gonum;
//   - "go get" without arguments returns at once when the prepared modules hold every import;
//   - "go build" is done by the compiler and the linker alone where that can be (package quick); otherwise it and "go test" get the fast
//     link flags.
//
// Every other call, such as a cell's "!*go get example.com/module", is the real go command with the user's own settings.
package main
