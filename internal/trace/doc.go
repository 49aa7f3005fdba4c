// Package trace serves viewers: it runs a network on what a viewer draws and streams
// the activations, the answer and the arithmetic of single units over a WebSocket.
//
// The wire has two parts. Tensors travel as binary frames (frame.go is their
// specification), everything else as JSON text (message.go from the viewer, reply.go
// and manifest.go to the viewer). One session belongs to one socket; a [Hub] owns what
// sessions share: the loaded networks, their manifests and their pools of runs.
//
// The package knows nothing of routes, pages or origins; package server checks who may
// connect and hands over the open socket.
package trace
