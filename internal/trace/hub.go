package trace

import (
	"log/slog"
	"net/http"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// drawingSide is the side of a drawing in pixels: MNIST's, whatever the net.
const drawingSide = 28

// Net is a model with what a viewer wants to know about its weights.
type Net struct {
	Model         *nn.Model
	WeightsURL    string
	WeightsSHA256 string
	Accuracy      float64 // 0…1 on the test set; 0 where it was not measured
	Confusion     [][]int // [true class][answer]; nil where it was not measured
}

// Nets hands out networks by name. An unknown name is an error of kind NotFound. The
// result is shared by all viewers and must not change.
type Nets interface {
	Load(name string) (*Net, error)
}

// Options say what a hub serves.
type Options struct {
	Nets     Nets
	Limits   Limits                // zero fields mean the defaults
	Log      *slog.Logger          // nil: no log
	Registry prometheus.Registerer // nil: metrics are counted, but not registered
}

// Hub owns what the viewers share: loaded networks, their manifests and plans, limits and
// metrics. It is safe for concurrent use and starts no goroutine of its own.
type Hub struct {
	nets    Nets
	limits  Limits
	log     *slog.Logger
	metrics *metrics

	mu     sync.Mutex
	loaded map[string]*network
}

// network is one loaded net, shared and immutable.
type network struct {
	net      *Net
	plan     *nn.Plan
	manifest *Manifest
	json     []byte  // the manifest as sent
	whole    *layout // frames of all layers at level 0
}

// New returns a hub. Nets is needed.
func New(o Options) *Hub {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{
		nets: o.Nets, limits: o.Limits.withDefaults(), log: o.Log,
		metrics: newMetrics(o.Registry), loaded: map[string]*network{},
	}
}

// Manifest returns the manifest of a net; it is shared, the caller must not change it. An
// unknown name is an error of kind NotFound.
func (h *Hub) Manifest(name string) (*Manifest, error) {
	n, err := h.network(name)
	if err != nil {
		return nil, err
	}
	return n.manifest, nil
}

// ManifestJSON returns the manifest as it goes over the wire; the caller must not change it.
func (h *Hub) ManifestJSON(name string) ([]byte, error) {
	n, err := h.network(name)
	if err != nil {
		return nil, err
	}
	return n.json, nil
}

// network loads a net on first use. Loading is done under the lock: it happens once for
// each of a few nets, and two viewers must not compile the same one.
func (h *Hub) network(name string) (*network, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n, ok := h.loaded[name]; ok {
		return n, nil
	}
	src, err := h.nets.Load(name)
	if err != nil {
		return nil, err
	}
	n, err := newNetwork(src)
	if err != nil {
		return nil, err
	}
	h.loaded[name] = n
	return n, nil
}

func newNetwork(src *Net) (*network, error) {
	if p := src.Model.Pre; p.Width != drawingSide || p.Height != drawingSide {
		return nil, newError(fault.Unsupported, "model_input", "the model %q does not take drawings of %d×%d pixels",
			src.Model.Name, drawingSide, drawingSide)
	}
	plan, err := nn.Compile(src.Model, nn.Options{})
	if err != nil {
		return nil, err
	}
	n := &network{net: src, plan: plan, manifest: NewManifest(src)}
	if n.json, err = json.Marshal(n.manifest, json.FormatNilSliceAsNull(true)); err != nil {
		return nil, err
	}
	all := make([]int, len(src.Model.Graph.Layers))
	for i := range all {
		all[i] = i
	}
	n.whole = newLayout(src.Model.Graph, all, 0)
	return n, nil
}

// Upgrader returns the settings of sockets that Serve takes. checkOrigin says who may
// connect. Compression stays off: it gained 1.45 times on activations at more than its
// cost on a local line, and gorilla's read limit counts compressed bytes only, so that
// 60 KiB could become 60 MiB.
func Upgrader(checkOrigin func(*http.Request) bool) *websocket.Upgrader {
	return &websocket.Upgrader{
		ReadBufferSize:  1 << 10, // one drawing is 840 bytes
		WriteBufferSize: 1 << 10, // larger messages go out beside it, in one system call
		WriteBufferPool: &sync.Pool{},
		CheckOrigin:     checkOrigin,
	}
}
