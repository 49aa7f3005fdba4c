// Command start measures how long the built program takes from the start of its
// process to its first answer of status 200, page and net included. It builds
// ./cmd/vizserver, starts it many times on a free port of the loopback, and
// prints the shortest, the median and the 95th percentile.
//
//	go run ./scripts/bench/start [-n 20] [-path /draw]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// pause lies between two tries to connect: the resolution of the measure.
const pause = 500 * time.Microsecond

func main() {
	n := flag.Int("n", 20, "how many starts to measure")
	path := flag.String("path", "/", "the page to ask for")
	flag.Parse()
	if err := run(context.Background(), *n, *path); err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int, path string) error {
	dir, err := os.MkdirTemp("", "vizserver-start-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "vizserver")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/vizserver")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	times := make([]time.Duration, 0, n)
	for range n {
		took, err := once(ctx, binary, path)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	slices.Sort(times)
	fmt.Printf("process start to first 200 of %s, %d starts: min %.1f ms, p50 %.1f ms, p95 %.1f ms\n",
		path, n, ms(times[0]), ms(times[n/2]), ms(times[n*95/100]))
	return nil
}

// once starts the program, waits for its first 200, and ends it.
func once(ctx context.Context, binary, path string) (time.Duration, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, binary, "serve", "--addr", addr)
	cmd.Stderr = io.Discard
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	from := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		_ = cmd.Process.Kill() // it has answered: nothing is lost
		_ = cmd.Wait()
	}()
	for time.Since(from) < 10*time.Second {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, http.NoBody)
		if err != nil {
			return 0, err
		}
		if resp, err := client.Do(req); err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if err == nil && resp.StatusCode == http.StatusOK {
				return time.Since(from), nil
			}
		}
		time.Sleep(pause)
	}
	return 0, fmt.Errorf("no 200 from %s within 10 s", addr)
}

func freeAddr(ctx context.Context) (string, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
