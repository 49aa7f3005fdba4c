package pull

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// job is what a process that is to be killed pulls.
type job struct {
	Dir, Mirror string
	File        File
}

const jobVar = "VIZ_TEST_PULL"

func TestMain(m *testing.M) {
	if text := os.Getenv(jobVar); text != "" {
		var j job
		if err := json.Unmarshal([]byte(text), &j); err != nil {
			panic(err)
		}
		o := quick(j.Mirror)
		o.Stall = 10 * time.Second
		if _, err := (&Cache{Dir: j.Dir}).Pull(context.Background(), &j.File, o); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// TestKill9: a process that pulls is killed at random moments; the next one goes on. No file
// stands under its final name before it is whole, and at most 4 MiB are fetched twice.
func TestKill9(t *testing.T) {
	t.Parallel()
	const whole, kills, twice = 24 << 20, 12, 4 << 20
	if testing.Short() {
		t.Skip("starts a dozen processes: 3 s")
	}
	body := content(whole)
	o := &origin{body: body, etag: `"a"`}
	o.move = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		o.good(&drip{w}, r, whole)
		return true
	}
	cache, f := &Cache{Dir: t.TempDir()}, fileOf(body)
	text, err := json.Marshal(job{cache.Dir, o.start(t), *f})
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // moments, no secrets
	child := func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this test itself
		cmd.Env = append(os.Environ(), jobVar+"="+string(text))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	killed := 0
	for range kills {
		cmd := child()
		time.Sleep(time.Duration(20+random.IntN(150)) * time.Millisecond)
		_ = cmd.Process.Kill()
		if cmd.Wait() != nil {
			killed++
		}
		blobs, _ := filepath.Glob(filepath.Join(cache.Dir, "blobs", "*"))
		for _, b := range blobs {
			if info, err := os.Stat(b); err != nil || info.Size() != whole {
				t.Errorf("a half file has its final name: %v %v", info, err)
			}
		}
	}
	var wg sync.WaitGroup
	for range 2 { // two at once
		wg.Go(func() {
			if err := child().Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	holds(t, cache, f, body)
	if _, err := cache.Verify(t.Context(), f); err != nil {
		t.Error(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	t.Logf("%d killed, %d requests, %.2f MiB sent of %d", killed, len(o.calls), float64(o.sent)/(1<<20), whole>>20)
	if killed < kills/2 {
		t.Errorf("only %d of %d were killed in time", killed, kills)
	}
	// What was sent but never read lies in the buffers of the sockets; at most that comes twice.
	if over := o.sent - whole; over > int64(len(o.calls))*twice {
		t.Errorf("%d bytes were fetched twice in %d requests", over, len(o.calls))
	}
}

// drip sends in small pieces with a wait between, so that there is time to kill.
type drip struct {
	http.ResponseWriter
}

func (d *drip) Write(b []byte) (int, error) {
	sent := 0
	for len(b) > 0 {
		n := min(len(b), 64<<10)
		if _, err := d.ResponseWriter.Write(b[:n]); err != nil {
			return sent, err
		}
		sent += n
		b = b[n:]
		time.Sleep(2 * time.Millisecond)
	}
	return sent, nil
}
