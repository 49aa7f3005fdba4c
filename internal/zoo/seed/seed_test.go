package seed

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vizserver/internal/testutil"
)

// TestParam compares the seeded numbers with those of scripts/golden/seeded.py, bit for bit.
func TestParam(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/zoo/seeded.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name   string
		Dims   []int
		Ends   []string // bits of the first three numbers and of the last three
		SHA256 string   // of all numbers, little-endian
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 8 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		x := Param(c.Name, c.Dims)
		if c.Name == "input" {
			x = Input(len(x))
		}
		var ends []string
		for _, v := range slices.Concat(x[:3], x[len(x)-3:]) {
			ends = append(ends, fmt.Sprintf("%08x", math.Float32bits(v)))
		}
		if !slices.Equal(ends, c.Ends) {
			t.Errorf("%s begins and ends with %v, want %v", c.Name, ends, c.Ends)
		}
		h := sha256.New()
		if err := binary.Write(h, binary.LittleEndian, x); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != c.SHA256 {
			t.Errorf("%s: hash %s, want %s", c.Name, got, c.SHA256)
		}
	}
}
