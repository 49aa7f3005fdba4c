package server

import "time"

// Limits are the bounds on what comes from outside over HTTP. A zero field
// means the default. The socket's own limits are those of package trace.
type Limits struct {
	HeaderTime    time.Duration // for the head of a request to arrive
	HeaderBytes   int           // of the head of a request
	IdleTime      time.Duration // between two requests of a connection
	AnswerTime    time.Duration // for a handler that is not a socket
	ImageBytes    int64         // of a picture file
	UploadGrace   time.Duration // before a slow upload is looked at
	UploadRate    int64         // bytes a second that an upload must move
	Uploads       int64         // pictures read, waiting and decoded at once
	SocketsPerIP  int           // open sockets of one address; loopback is free
	RequestsPerIP int           // API requests a minute of one address; loopback is free
	UpgradesPerIP int           // socket upgrades a minute of one address; loopback is free
	DrainTime     time.Duration // for requests and sockets to end after a signal
}

// defaultLimits is the table of reliability.md §2.4, the part of it that HTTP needs.
func defaultLimits() Limits {
	return Limits{
		HeaderTime:    5 * time.Second,
		HeaderBytes:   16 << 10,
		IdleTime:      120 * time.Second,
		AnswerTime:    30 * time.Second,
		ImageBytes:    32 << 20,
		UploadGrace:   5 * time.Second,
		UploadRate:    10 << 10,
		Uploads:       12,
		SocketsPerIP:  16,
		RequestsPerIP: 1200,
		UpgradesPerIP: 120,
		DrainTime:     15 * time.Second,
	}
}

// or fills the zero fields of l from d.
func (l Limits) or(d Limits) Limits {
	set(&l.HeaderTime, d.HeaderTime)
	set(&l.HeaderBytes, d.HeaderBytes)
	set(&l.IdleTime, d.IdleTime)
	set(&l.AnswerTime, d.AnswerTime)
	set(&l.ImageBytes, d.ImageBytes)
	set(&l.UploadGrace, d.UploadGrace)
	set(&l.UploadRate, d.UploadRate)
	set(&l.Uploads, d.Uploads)
	set(&l.SocketsPerIP, d.SocketsPerIP)
	set(&l.RequestsPerIP, d.RequestsPerIP)
	set(&l.UpgradesPerIP, d.UpgradesPerIP)
	set(&l.DrainTime, d.DrainTime)
	return l
}

func set[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}
