package trace

import "time"

// Limits bound what one viewer can make the server do. The zero value of a field means
// its default, so that Limits{} is the table below.
type Limits struct {
	MessageBytes int64         // one message from a viewer; above: close 1009
	TextBytes    int           // one JSON message; above: close 1009
	Rate         float64       // messages a second that a viewer may send; acks that are due are free
	Burst        int           // messages at once
	RateBreach   time.Duration // time above Rate, after Burst, until close 1008; before, reading slows down
	Unacked      int           // runs on their way that the viewer has not acknowledged
	Requests     int           // unit and expand requests that wait; above: error "busy" for that one
	Edits        int           // edits in force at once
	Values       int           // values in one expand reply
	HelloWait    time.Duration // from the open socket to hello; after: close 4408
	WriteWait    time.Duration // one message to the viewer; after: the socket is cut
	PingEvery    time.Duration
	PongWait     time.Duration // after a ping; a dead peer is gone after PingEvery + PongWait
}

// limits is the table of defaults; their reasons stand in the design of reliability, §2.4.
var limits = Limits{
	MessageBytes: 64 << 10,
	TextBytes:    32 << 10, // the longest sensible one, 512 edits, has 25 KiB
	Rate:         60,
	Burst:        120,
	RateBreach:   5 * time.Second,
	Unacked:      2,
	Requests:     16,
	Edits:        512,
	Values:       16 << 10,
	HelloWait:    5 * time.Second,
	WriteWait:    5 * time.Second,
	PingEvery:    25 * time.Second,
	PongWait:     10 * time.Second,
}

// Longest strings in messages, in bytes.
const (
	maxModelName = 64
	maxLang      = 16
)

// withDefaults fills the zero fields from the table.
func (l Limits) withDefaults() Limits {
	return Limits{
		MessageBytes: or(l.MessageBytes, limits.MessageBytes),
		TextBytes:    or(l.TextBytes, limits.TextBytes),
		Rate:         or(l.Rate, limits.Rate),
		Burst:        or(l.Burst, limits.Burst),
		RateBreach:   or(l.RateBreach, limits.RateBreach),
		Unacked:      or(l.Unacked, limits.Unacked),
		Requests:     or(l.Requests, limits.Requests),
		Edits:        or(l.Edits, limits.Edits),
		Values:       or(l.Values, limits.Values),
		HelloWait:    or(l.HelloWait, limits.HelloWait),
		WriteWait:    or(l.WriteWait, limits.WriteWait),
		PingEvery:    or(l.PingEvery, limits.PingEvery),
		PongWait:     or(l.PongWait, limits.PongWait),
	}
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
