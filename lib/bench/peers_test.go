package bench

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPeers asks an interpreter that has TensorFlow, or nothing, and prints a line.
func TestPeers(t *testing.T) {
	environment := func(script string) string {
		venv := t.TempDir()
		if err := os.Mkdir(filepath.Join(venv, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(venv, "bin", "python"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
		return venv
	}
	ctx := context.Background()
	// It has tensorflow alone; a script given as text, after -c, is told from one in a file.
	p, err := NewPeers(ctx, environment(`case "$2" in import*) [ "$2" = "import tensorflow" ]; exit;; esac
[ "$1" = -c ] && echo "$3 $4 median_ms=1.50 min_ms=1.25 parameters=7" || echo "$2 $3 median_ms=2.50 min_ms=2"`), "file.py")
	if err != nil || strings.Join(p.Names, " ") != "tf" {
		t.Fatalf("it has %v, error %v", p, err)
	}
	for _, c := range []struct {
		net  Net
		want Timed
	}{{Net{Name: "mlpvae"}, Timed{Step: 2.5}}, {Net{Name: "article-gan", Peer: "text"}, Timed{Step: 1.5, Parameters: 7}}} {
		of, err := p.Of(c.net)
		if err != nil {
			t.Fatal(err)
		}
		got, err := of.Time(ctx, "tf", c.net.Name)
		if err != nil || got.Memory <= 0 {
			t.Errorf("%s: %+v, error %v", c.net.Name, got, err)
		}
		if got.Memory = 0; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.net.Name, got, c.want)
		}
	}
	p.Names = []string{"torch"}
	if _, err := p.Of(Net{Name: "article-gan", Peer: "text"}); err == nil || !strings.Contains(err.Error(), "article-gan is timed beside TensorFlow, which ") {
		t.Errorf("without TensorFlow: %v", err)
	}
	if _, err := NewPeers(ctx, environment("exit 1"), ""); err == nil || !strings.Contains(err.Error(), "has none of tensorflow, torch and jax") {
		t.Errorf("without any: %v", err)
	}
	p = &Peers{Python: filepath.Join(environment("echo nothing"), "bin", "python"), Script: "file.py"}
	if _, err := p.Time(ctx, "tf", "mlpvae"); err == nil || !strings.Contains(err.Error(), "printed no median_ms") {
		t.Errorf("of a script that says nothing: %v", err)
	}
}

// TestArticles: both networks of the design article are there, with the scopes that their losses train.
func TestArticles(t *testing.T) {
	var got []string
	for _, name := range Articles {
		n, err := Article(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range n.Objectives {
			got = append(got, n.Name+" "+o.Scope)
		}
		if !strings.Contains(n.Peer, `"`+n.Name+`"`) {
			t.Errorf("the peers' script does not know %s", n.Name)
		}
	}
	if want := "article-gan discriminator, article-gan generator, article-vae net"; strings.Join(got, ", ") != want {
		t.Errorf("they train %s, want %s", strings.Join(got, ", "), want)
	}
}
