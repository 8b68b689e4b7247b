package kernel

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"darkroom/lib/fetch"
)

// LabOptions of Lab.
type LabOptions struct {
	Dir     string           // the folder that JupyterLab shows
	Open    string           // a notebook to open, relative to Dir; empty shows the launcher
	Port    int              // 0 means a free one
	Browser bool             // open the user's browser
	Say     fetch.Say        // told what happens; nil is silent
	Ready   func(url string) // called once the URL answers; nil means Say is told
}

// Lab runs JupyterLab, on the loopback interface only and behind a token, until ctx is cancelled; then it stops it with its kernels
// and returns nil. The Installation must be there: call Setup first.
func (in *Installation) Lab(ctx context.Context, o LabOptions) error {
	port, err := freePort(o.Port)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return err
	}
	if !exists(dir) {
		return fmt.Errorf("the notebooks' folder %s is not there", dir)
	}
	secret := make([]byte, 24)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	token := hex.EncodeToString(secret)

	logPath := filepath.Join(in.Home, "jupyter", "lab.log")
	log, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()

	cmd := exec.Command(in.Python(), labArguments(dir, port)...)
	cmd.Env = with(in.jupyterEnv(), "JUPYTER_TOKEN="+token, "DARKROOM_REPO="+in.Repo)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = childAttributes()
	cmd.SysProcAttr.Setpgid = true // Ctrl-C comes through ctx alone; Jupyter would ask whether it is meant

	url := fmt.Sprintf("http://127.0.0.1:%d/lab", port)
	if o.Open != "" {
		url += "/tree/" + filepath.ToSlash(o.Open)
	}
	url += "?token=" + token
	defer sweep() // a kernel may have been killed
	return in.runLab(ctx, cmd, url, logPath, o)
}

func labArguments(dir string, port int) []string {
	return []string{
		"-m", "jupyterlab",
		"--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=" + strconv.Itoa(port), "--ServerApp.port_retries=0",
		"--ServerApp.root_dir=" + dir,
		"--ServerApp.allow_root=" + map[bool]string{true: "True", false: "False"}[os.Getuid() == 0],
		"--ServerApp.quit_button=False",
		"--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
		"--LabApp.extension_manager=readonly",
		"--KernelSpecManager.ensure_native_kernel=False", "--KernelSpecManager.allowed_kernelspecs=" + Name,
		"--MultiKernelManager.default_kernel_name=" + Name,
	}
}

func (in *Installation) runLab(ctx context.Context, cmd *exec.Cmd, url, logPath string, o LabOptions) error {
	unlock := lockThread()
	defer unlock()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start JupyterLab (%w); run darkroom doctor", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	stop := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
	}
	ready := make(chan error, 1)
	go func() { ready <- answers(ctx, url) }()
	select {
	case err := <-done:
		return fmt.Errorf("JupyterLab ended at once: %w\n%s\n(its log: %s)", err, tail(logPath, 8), logPath)
	case err := <-ready:
		if err != nil {
			stop()
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("%w\n%s\n(its log: %s)", err, tail(logPath, 8), logPath)
		}
	}
	switch {
	case o.Ready != nil:
		o.Ready(url)
	case o.Say != nil:
		o.Say("JupyterLab is open at " + url)
	}
	if o.Browser {
		openBrowser(url, o.Say)
	}
	select {
	case <-ctx.Done():
		stop()
		return nil
	case err := <-done:
		if err == nil {
			return nil
		}
		return fmt.Errorf("JupyterLab ended: %w\n%s\n(its log: %s)", err, tail(logPath, 8), logPath)
	}
}

// answers waits until the URL answers 200, for at most a minute.
func answers(ctx context.Context, url string) error {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{Proxy: nil}}
	for end := time.Now().Add(time.Minute); ; {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answered %s", resp.Status)
		}
		if time.Now().After(end) {
			return fmt.Errorf("JupyterLab does not answer: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// freePort returns the port if it is free, or any free one for 0.
func freePort(port int) (int, error) {
	if port < 0 || port > 65535 {
		return 0, fmt.Errorf("port %d is out of range 1 to 65535", port)
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return 0, fmt.Errorf("port %d is in use: choose another with --port, or leave --port out and a free one is taken", port)
		}
		return 0, fmt.Errorf("port %d cannot be used: %w; choose another with --port", port, err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func openBrowser(url string, say fetch.Say) {
	name := "xdg-open"
	if runtime.GOOS == "darwin" {
		name = "open"
	}
	if err := exec.Command(name, url).Run(); err != nil && say != nil {
		say("no browser could be opened here: open the address above in one")
	}
}
