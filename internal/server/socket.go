package server

import (
	"log/slog"
	"net/http"

	"vizserver/internal/fault"
)

// socket opens a viewer's WebSocket and stays until it ends. Who may connect is
// decided here; what is said on it belongs to package trace.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) error {
	if err := s.checkOrigin(r); err != nil {
		return err
	}
	if s.draining.Load() {
		return say(fault.Busy, "fault.draining")
	}
	closed, err := s.callers.openSocket(w, r)
	if err != nil {
		return err
	}
	defer closed()
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil // the upgrader has answered with the reason
	}
	s.openSocks.Add(1)
	defer s.openSocks.Done()
	s.metrics.sockets.Inc()
	defer s.metrics.sockets.Dec()
	if err := s.hub.Serve(s.life, ws); err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelDebug, "socket ended", slog.String("id", requestID(r)), slog.String("cause", err.Error()))
	}
	return nil
}
