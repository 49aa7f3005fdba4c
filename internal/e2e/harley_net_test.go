package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// manifest is what the tests read of a net's description.
type manifest struct {
	Model  string
	Title  string
	Units  int
	Params int
	Input  struct{ Text string }
	Layers []struct {
		Name       string
		Kind       string
		Shape      []int
		Table      [][]int
		Activation *struct {
			Name string
			A, B float64
		}
	}
}

// netManifest asks the server for a net's description; no browser is needed.
func netManifest(t *testing.T, name string) manifest {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, siteURL(t)+"/api/models/"+name, http.NoBody)
	must(t, err)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET /api/models/%s: %s", name, resp.Status)
	}
	var m manifest
	must(t, json.NewDecoder(resp.Body).Decode(&m))
	return m
}

// TestHarley01: the layers in their order, and a total of units that is their
// sum and stands on the page.
func TestHarley01_LayersInOrderAndUnitTotal(t *testing.T) {
	m := netManifest(t, "lenet5-harley")
	want := []string{"[1 32 32]", "[6 28 28]", "[6 14 14]", "[16 10 10]", "[16 5 5]", "[120 1 1]", "[100 1 1]", "[10 1 1]"}
	sum := 0
	var got []string
	for _, layer := range m.Layers {
		got = append(got, fmt.Sprint(layer.Shape))
		sum += layer.Shape[0] * layer.Shape[1] * layer.Shape[2]
	}
	if !slices.Equal(got, want) {
		t.Errorf("layers %v, want %v", got, want)
	}
	if m.Units != 9134 || sum != 9134 {
		t.Errorf("%d units said, %d in the layers, want 9134", m.Units, sum)
	}
	if m.Params != 62902 {
		t.Errorf("%d parameters, want 62902", m.Params)
	}
	p := openDraw(t, "?net=lenet5-harley", options{})
	if text := eval[string](p, `document.body.innerText`); !strings.Contains(text, "9,134") {
		t.Error("the page does not show the total of 9,134 units")
	}
	labels := eval[string](p, `document.querySelector("[data-view=stage]").textContent`)
	at := -1
	for _, layer := range m.Layers {
		i := strings.Index(labels, layer.Name)
		if i < 0 {
			t.Errorf("no label %s in the scene", layer.Name)
		}
		at = max(at, i)
	}
}

// TestHarley02: all 96 entries of C3's connections are those of LeCun et al.
// 1998, Table I; 60 of them are set.
func TestHarley02_C3ConnectsByTableOne(t *testing.T) {
	rows := []string{ // S2 map down, C3 map across, from the paper
		"1000111001111011",
		"1100011100111101",
		"1110001110010111",
		"0111001111001011",
		"0011100111101101",
		"0001110011110111",
	}
	for _, name := range []string{"lenet5-harley", "lenet5-1998"} {
		m := netManifest(t, name)
		table := m.Layers[3].Table
		if len(table) != 6 {
			t.Fatalf("%s: the table has %d rows, want 6", name, len(table))
		}
		links := 0
		for in, row := range rows {
			for out, bit := range row {
				want := int(bit - '0')
				if table[in][out] != want {
					t.Errorf("%s: S2 map %d to C3 map %d is %d, want %d", name, in, out, table[in][out], want)
				}
				links += want
			}
		}
		if links != 60 {
			t.Fatalf("the test's own table has %d links, want 60", links)
		}
	}
}

// TestHarley32: his second page, the net 784-300-100-10, is offered too.
func TestHarley32_MLPIsOffered(t *testing.T) {
	m := netManifest(t, "mlp-harley")
	var sizes []int
	for _, layer := range m.Layers {
		sizes = append(sizes, layer.Shape[0]*layer.Shape[1]*layer.Shape[2])
	}
	if !slices.Equal(sizes, []int{784, 300, 100, 10}) {
		t.Errorf("layers of %v units, want 784, 300, 100, 10", sizes)
	}
	p := openDraw(t, "?net=lenet5-harley", options{})
	p.draw(mouse, digits[1]...)
	p.chooseNet("mlp-harley")
	p.settled()
	for _, view := range []string{"flat", "3d"} {
		p.setView(view)
		if seen := p.stats("units"); seen != 1194 {
			t.Errorf("%s: the scene holds %v units, want 1194", view, seen)
		}
	}
}
