package kernel

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// TestMain lets the test binary stand in for the darkroom command: "kernel FILE" serves, "setup" installs, "lab DIR" opens
// JupyterLab, "execute IN OUT" runs a notebook.
func TestMain(m *testing.M) {
	ctx := context.Background()
	say := func(line string) { fmt.Fprintln(os.Stderr, line) }
	run := func(f func(in *Installation) error) {
		in, err := Setup(ctx, Options{Say: say})
		if err == nil {
			err = f(in)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "kernel":
			if err := Serve(ctx, os.Args[2]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "setup":
			run(func(*Installation) error { return nil })
		case "lab":
			run(func(in *Installation) error { return in.Lab(ctx, LabOptions{Dir: os.Args[2], Say: say}) })
		case "execute": // without setting up: the test has done it
			repo, err := FindRepo()
			if err != nil {
				panic(err)
			}
			in := At(repo)
			if err := in.Execute(ctx, os.Args[2], os.Args[3], ExecuteOptions{Say: say}); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}
