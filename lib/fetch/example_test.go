package fetch_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"darkroom/lib/fetch"
)

// A file is pinned by what it contains and can come from anywhere.
func ExampleFile_Ensure() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, "hello\n")
	}))
	defer server.Close()
	home, _ := os.MkdirTemp("", "darkroom-example-")
	defer func() { _ = os.RemoveAll(home) }()
	_ = os.Setenv("DARKROOM_HOME", home)
	defer func() { _ = os.Unsetenv("DARKROOM_HOME") }()

	f := fetch.File{
		Name:   "data/hello.txt",
		SHA256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
		From:   []fetch.Origin{fetch.URL{Address: server.URL + "/hello.txt"}},
	}
	path, err := f.Ensure(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, _ := os.ReadFile(path)
	fmt.Print(string(b))
	// Output: hello
}
