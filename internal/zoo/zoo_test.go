package zoo

import (
	"errors"
	"maps"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

func graph(t *testing.T, name string) *nn.Graph {
	t.Helper()
	e, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	g, err := e.Graph()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestHarley01_Counts holds the papers' numbers: layers, shapes, units, parameters,
// connections. LeCun et al. 1998, §II.B; Harley's page prints nNodes = 9134.
func TestHarley01_Counts(t *testing.T) {
	type shape struct{ c, h, w int }
	for _, tt := range []struct {
		name                 string
		layers               []string
		shapes               []shape
		units, params, fixed int
		connections          int64
	}{
		{
			name:   "lenet5-1998",
			layers: []string{"Input", "C1", "S2", "C3", "S4", "C5", "F6", "Output"},
			shapes: []shape{{1, 32, 32}, {6, 28, 28}, {6, 14, 14}, {16, 10, 10}, {16, 5, 5}, {120, 1, 1}, {84, 1, 1}, {10, 1, 1}},
			units:  9118, params: 60000, fixed: 840, connections: 340908,
		},
		{
			name:   "lenet5-harley",
			layers: []string{"Input", "C1", "S2", "C3", "S4", "F5", "F6", "Output"},
			shapes: []shape{{1, 32, 32}, {6, 28, 28}, {6, 14, 14}, {16, 10, 10}, {16, 5, 5}, {120, 1, 1}, {100, 1, 1}, {10, 1, 1}},
			units:  9134, params: 62902,
			connections: 122304 + 4*1176 + 151600 + 4*400 + 48120 + 12100 + 1010,
		},
		{
			name:   "lenet5-modern",
			layers: []string{"Input", "C1", "S2", "C3", "S4", "F5", "F6", "Output"},
			shapes: []shape{{1, 32, 32}, {6, 28, 28}, {6, 14, 14}, {16, 10, 10}, {16, 5, 5}, {120, 1, 1}, {84, 1, 1}, {10, 1, 1}},
			units:  9118, params: 61706,
			connections: 122304 + 4*1176 + 1600*151 + 4*400 + 48120 + 10164 + 850,
		},
		{
			name:   "mlp-harley",
			layers: []string{"Input", "F1", "F2", "Output"},
			shapes: []shape{{1, 28, 28}, {300, 1, 1}, {100, 1, 1}, {10, 1, 1}},
			units:  784 + 300 + 100 + 10, params: 785*300 + 301*100 + 101*10,
			connections: 785*300 + 301*100 + 101*10,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := graph(t, tt.name)
			if len(g.Layers) != len(tt.layers) {
				t.Fatalf("%d layers, want %d", len(g.Layers), len(tt.layers))
			}
			sum := 0
			for i, l := range g.Layers {
				s := l.Shape()
				if l.Name != tt.layers[i] || (shape{s.C, s.H, s.W}) != tt.shapes[i] {
					t.Errorf("layer %d is %s %v, want %s %v", i, l.Name, s, tt.layers[i], tt.shapes[i])
				}
				sum += s.Len()
				if i > 0 && (len(l.Inputs) != 1 || l.Inputs[0] != i-1) {
					t.Errorf("%s reads layers %v, want the one before", l.Name, l.Inputs)
				}
			}
			if g.Units() != tt.units || sum != tt.units {
				t.Errorf("%d units, want %d", g.Units(), tt.units)
			}
			if n := g.NumParams(false); n != tt.params {
				t.Errorf("%d trained parameters, want %d", n, tt.params)
			}
			if n := g.NumParams(true) - g.NumParams(false); n != tt.fixed {
				t.Errorf("%d fixed parameters, want %d", n, tt.fixed)
			}
			if n := g.Connections(); n != tt.connections {
				t.Errorf("%d connections, want %d", n, tt.connections)
			}
		})
	}
}

// TestHarley02_ConnectionTable checks all 96 entries against LeCun et al. 1998,
// Table I, written here as the paper prints it: a row for each map of S2.
func TestHarley02_ConnectionTable(t *testing.T) {
	paper := [6]string{
		"X...XXX..XXXX.XX",
		"XX...XXX..XXXX.X",
		"XXX...XXX..X.XXX",
		".XXX..XXXX..X.XX",
		"..XXX..XXXX.XX.X",
		"...XXX..XXXX.XXX",
	}
	links := 0
	for out, row := range c3Table {
		has := map[int]bool{}
		for _, in := range row {
			has[in] = true
			links++
		}
		for in := range paper {
			if want := paper[in][out] == 'X'; has[in] != want {
				t.Errorf("S2 map %d → C3 map %d: linked %v, want %v", in, out, has[in], want)
			}
		}
	}
	if links != 60 {
		t.Errorf("%d links, want 60", links)
	}
}

// TestHarley03_InputScaling checks paper −0.1 and ink 1.175 on the padded field.
func TestHarley03_InputScaling(t *testing.T) {
	greys := make([]byte, 28*28)
	greys[0], greys[28*3+5] = 255, 51
	x := make([]float32, 32*32)
	lecunInput.Apply(x, greys)
	for _, tt := range []struct {
		y, x int
		want float32
	}{
		{0, 0, -0.1}, {1, 31, -0.1}, {2, 2, 1.175}, {5, 7, 0.155}, {3, 2, -0.1},
	} {
		if got := x[tt.y*32+tt.x]; got < tt.want-1e-6 || got > tt.want+1e-6 {
			t.Errorf("x(%d, %d) = %v, want %v", tt.y, tt.x, got, tt.want)
		}
	}
}

func TestUnknownName(t *testing.T) {
	_, err := Load("lenet6")
	var want *NotFoundError
	if !errors.As(err, &want) || fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v, want a NotFoundError", err)
	}
}

func TestWrongWeightsAreListed(t *testing.T) {
	m, err := Load("lenet5-modern")
	if err != nil {
		t.Fatal(err)
	}
	w := nn.Weights{"other": nn.Param{}}
	maps.Copy(w, m.Weights)
	delete(w, "c1.bias")
	w["c3.weight"] = nn.Param{Dims: []int{1}, Data: []float32{0}}
	e, err := Find("lenet5-modern")
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Bind(w)
	var bad *nn.WeightsError
	if !errors.As(err, &bad) || len(bad.Missing) != 1 || len(bad.Unexpected) != 1 || len(bad.Shaped) != 1 {
		t.Errorf("got %v, want one missing, one unexpected, one of another shape", err)
	}
}

// TestRBFCodes checks that the codes are ten different vectors of −1 and +1.
func TestRBFCodes(t *testing.T) {
	codes := RBFCodes()
	if len(codes) != 840 {
		t.Fatalf("%d components, want 840", len(codes))
	}
	for a := range 10 {
		for b := range a {
			differ := 0
			for i := range 84 {
				if codes[a*84+i] != codes[b*84+i] {
					differ++
				}
			}
			if differ == 0 {
				t.Errorf("the codes of %d and %d are the same", a, b)
			}
		}
	}
	for i, v := range codes {
		if v != 1 && v != -1 {
			t.Errorf("component %d is %v", i, v)
		}
	}
}
