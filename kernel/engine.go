package kernel

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"

	"darkroom/lib/lab"
)

// engineSession names the session whose engine the cells of this kernel work with: the user's choice, or the notebook's own. Jupyter's server
// tells which notebook it is, so that another kernel of the same notebook, as after a restart of Jupyter, finds the same engine; other
// clients keep the connection file, and with it the engine, over a restart of the kernel.
func engineSession(connectionFile string) string {
	if v := os.Getenv(lab.Engine); v != "" {
		return v
	}
	name := strings.TrimSuffix(filepath.Base(connectionFile), filepath.Ext(connectionFile))
	if notebook := os.Getenv("JPY_SESSION_NAME"); notebook != "" {
		folder, _ := os.Getwd() // the notebook's; without it the name is of fewer notebooks
		base := filepath.Base(notebook)
		sum := sha256.Sum256([]byte(filepath.Join(folder, base)))
		name = fmt.Sprintf("%.40s-%x", strings.TrimSuffix(base, filepath.Ext(base)), sum[:4])
	}
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || r == '-' || r == '.' {
			return r
		}
		return '_'
	}, strings.ToValidUTF8(name, ""))
	return "notebook-" + plain
}

// executions counts the notebooks that this process has executed.
var executions atomic.Int64

// ownEngine is the environment of a notebook that is executed once, whose engine ends with it, unless the user has named one. stop ends it.
func ownEngine(binary string) (env []string, stop func()) {
	if os.Getenv(lab.Engine) != "" {
		return nil, func() {}
	}
	pid := strconv.Itoa(os.Getpid())
	session := fmt.Sprintf("headless-%s-%d", pid, executions.Add(1))
	return []string{lab.Engine + "=" + session, "DARKROOM_ENGINE_OWNER=" + pid}, func() {
		for _, r := range lab.Engines() {
			if r.Session == session {
				_ = exec.Command(binary, "engine", "--stop", session).Run() // it ends by itself soon after this process
			}
		}
	}
}
