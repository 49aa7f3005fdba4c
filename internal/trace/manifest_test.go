package trace

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/testutil"
)

// TestManifest compares the whole manifest of the small net with a text that was read by a
// person: sizes, table, names, tree.
func TestManifest(t *testing.T) {
	h := newHub(t, Limits{})
	b, err := h.ManifestJSON("maps")
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	pretty, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "testdata/manifest_maps.json", append(pretty, '\n'))
}

func TestManifestCounts(t *testing.T) {
	h := newHub(t, Limits{})
	m, err := h.Manifest("maps")
	if err != nil {
		t.Fatal(err)
	}
	units := 30*30 + 3*26*27 + 3*13*9 + 2*11*8 + 7
	// C1: 3 kernels of 5×4 and a bias; C3: 3 links of 3×2 and 2 biases; output: 7 rows of 176
	params := 3*20 + 3 + 3*6 + 2 + 7*176 + 7
	if m.Units != units || m.Params != params {
		t.Errorf("%d units and %d parameters, want %d and %d", m.Units, m.Params, units, params)
	}
	sum := 0
	var connections int64
	for _, l := range m.Layers {
		sum += l.Params
		connections += l.Connections
	}
	if sum != params || connections != m.Connections {
		t.Errorf("the layers have %d parameters and %d connections, the net %d and %d", sum, connections, params, m.Connections)
	}
}

func TestManifestOfUnknownModel(t *testing.T) {
	if _, err := newHub(t, Limits{}).Manifest("alexnet"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v, want an error of kind not_found", err)
	}
}

// TestOtherInputSize: a net that does not take drawings cannot be served as one that does.
func TestOtherInputSize(t *testing.T) {
	nets := newTestNets(t)
	nets["maps"].Model.Pre.Width = 224
	_, err := New(Options{Nets: nets}).Manifest("maps")
	wantCode(t, err, "model_input")
}

func TestInputFormula(t *testing.T) {
	for want, p := range map[string]nn.Preprocess{
		"x = raw/255·1.275 − 0.1": {Scale: 1.275, Offset: -0.1},
		"x = raw/255":             {Scale: 1},
		"x = raw/255·2 + 0.5":     {Scale: 2, Offset: 0.5},
	} {
		if got := inputFormula(p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
