// Command darkroom trains, compares and shows methods of image generation and reconstruction, and opens the notebooks.
package main

import (
	"os"

	"darkroom/lib/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
