package server

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/httprate"
	"golang.org/x/sync/semaphore"

	"vizserver/internal/fault"
)

// queue bounds the requests that hold their input in memory while they are
// read, wait and work; package imgio bounds how many of them decode at once.
type queue struct{ places *semaphore.Weighted }

func newQueue(l Limits) *queue { return &queue{places: semaphore.NewWeighted(l.Uploads)} }

// enter takes a place, without waiting; leave gives it back.
func (q *queue) enter() (leave func(), err error) {
	if !q.places.TryAcquire(1) {
		return nil, say(fault.Busy, "fault.queue")
	}
	return func() { q.places.Release(1) }, nil
}

// callers counts what each address asks for. Loopback is one person's own
// machine and is not counted.
type callers struct {
	requests, upgrades *httprate.RateLimiter
	perIP              int

	mu      sync.Mutex
	sockets map[string]int
}

func newCallers(l Limits) *callers {
	return &callers{
		requests: httprate.NewRateLimiter(l.RequestsPerIP, time.Minute),
		upgrades: httprate.NewRateLimiter(l.UpgradesPerIP, time.Minute),
		perIP:    l.SocketsPerIP,
		sockets:  map[string]int{},
	}
}

// limit refuses what is above an address' share of requests.
func (c *callers) limit(s *Server, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fromLoopback(r) && c.requests.OnLimit(w, r, callerKey(r)) {
			s.fail(w, r, say(fault.TooMany, "fault.rate"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// openSocket counts one more socket of an address; closed must be called when
// it ends.
func (c *callers) openSocket(w http.ResponseWriter, r *http.Request) (closed func(), err error) {
	if fromLoopback(r) {
		return func() {}, nil
	}
	key := callerKey(r)
	if c.upgrades.OnLimit(w, r, key) {
		return nil, say(fault.TooMany, "fault.rate")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sockets[key] >= c.perIP {
		return nil, say(fault.TooMany, "fault.sockets")
	}
	c.sockets[key]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.sockets[key]--; c.sockets[key] == 0 {
			delete(c.sockets, key)
		}
	}, nil
}

// callerKey is the peer's address, an IPv6 one by its /64: one household.
func callerKey(r *http.Request) string { return httprate.CanonicalizeIP(remoteIP(r)) }

func lower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = hostname(strings.TrimSpace(n))
	}
	return out
}
