package kernel

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// TestMain lets a test start this binary to execute a notebook, and kill it: "execute NOTEBOOK OUTPUT".
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "execute" {
		in, err := Find()
		if err == nil {
			err = in.Execute(context.Background(), os.Args[2], os.Args[3], ExecuteOptions{})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
