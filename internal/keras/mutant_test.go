package keras_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vizserver/internal/confine"
	"vizserver/internal/fault"
	"vizserver/internal/keras"
	"vizserver/internal/weights"
)

// mutant changes a good HDF5 file as a damaged disk or a spiteful mind would: bits, bytes, whole
// numbers of 8 bytes set to what hurts, pieces copied elsewhere, an early end.
func mutant(good []byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 43))
	b := bytes.Clone(good)
	place := func() int {
		if r.IntN(4) > 0 { // numbers that matter stand on multiples of 8
			return r.IntN(len(b)/8-1) * 8
		}
		return r.IntN(len(b) - 8)
	}
	for range 1 + r.IntN(6) {
		switch r.IntN(8) {
		case 0:
			b[place()] ^= 1 << r.IntN(8)
		case 1:
			b[place()+r.IntN(8)] = byte(r.Uint32())
		case 2, 3:
			binary.LittleEndian.PutUint64(b[place():], 1<<r.IntN(64)-uint64(r.IntN(3)))
		case 4:
			binary.LittleEndian.PutUint64(b[place():], uint64(place()))
		case 5:
			n := 8 * (1 + r.IntN(16))
			from, to := r.IntN(len(b)-n), r.IntN(len(b)-n)
			copy(b[to:to+n], bytes.Clone(b[from:from+n]))
		case 6: // hurt a structure where it begins
			mark := []string{"HEAP", "TREE", "SNOD", "GCOL", "FRHP", "BTHD", "OHDR"}[r.IntN(7)]
			if k := bytes.Index(b, []byte(mark)); k >= 0 && k+48 < len(b) {
				binary.LittleEndian.PutUint64(b[k+4+r.IntN(40):], 1<<r.IntN(64))
			}
		case 7:
			if r.IntN(4) == 0 {
				b = b[:64+r.IntN(len(b)-64)]
			}
		}
	}
	return b
}

// batch is the job of a child: mutants first … first+count−1 of a file, which stand behind it. It
// reads every one as the product does, and writes a line for each: what became of it.
func batch(in *os.File, out io.Writer) error {
	b, err := io.ReadAll(io.NewSectionReader(in, 0, 1<<30))
	if err != nil {
		return err
	}
	first, count := binary.LittleEndian.Uint64(b[len(b)-16:]), binary.LittleEndian.Uint64(b[len(b)-8:])
	for k := first; k < first+count; k++ {
		if _, err := fmt.Fprintln(out, k, one(mutant(b[:len(b)-16], k))); err != nil {
			return err
		}
	}
	return nil
}

// one reads a mutant, and says what became of it. A panic of Convert is one that package confine
// would catch; one behind it would be in the parent.
func one(b []byte) (outcome string) {
	where := "child panic"
	defer func() {
		if cause := recover(); cause != nil {
			outcome = fmt.Sprintf("%s: %v", where, cause)
		}
	}()
	f, err := os.Create("mutant.h5")
	if err != nil {
		return "no file: " + err.Error()
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Write(b); err != nil {
		return "no file: " + err.Error()
	}
	var result bytes.Buffer
	if err := keras.Convert(f, &result); err != nil {
		return "refused: " + fault.KindOf(err).String()
	}
	where = "PARENT PANIC"
	w, err := weights.Read(result.Bytes())
	if err != nil {
		return "BAD RESULT: " + err.Error()
	}
	net, err := keras.Read(w, keras.Options{})
	if err == nil {
		_, _, err = net.Build()
	}
	if err != nil {
		return "refused by the parent: " + fault.KindOf(err).String()
	}
	return "read"
}

// TestMutants is row 43: more than 1,000 damaged files, read in confined children. A child may
// die, of one file at a time; this process goes on, and what it is handed back is sound.
func TestMutants(t *testing.T) {
	count := uint64(400)
	if testing.Short() {
		count = 60 // -short: a taste
	}
	for _, name := range []string{"plain-2.h5", "nested.h5", "packed.h5"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(goldenDir(t), name)
			if name == "packed.h5" {
				path = "testdata/packed.h5"
			}
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tally := map[string]int{}
			for first := uint64(0); first < count; first += 50 {
				mutants(t, good, first, min(50, count-first), tally)
			}
			if tally["read"] == 0 || tally["refused"] == 0 {
				t.Error("mutants are either all read or all refused")
			}
			t.Log(tally)
		})
	}
}

// mutants runs a batch in a child. Where it dies, each half is tried alone, down to the file that
// did it: that one must be refused in time, with a kind that tells the user of the file.
func mutants(t *testing.T, good []byte, first, count uint64, tally map[string]int) {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "batch")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b := binary.LittleEndian.AppendUint64(bytes.Clone(good), first)
	if _, err := f.Write(binary.LittleEndian.AppendUint64(b, count)); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	lines, err := confine.Run(context.WithoutCancel(t.Context()), "mutants", f, confine.Options{MaxOutput: 1 << 20})
	if err != nil && count > 1 {
		mutants(t, good, first, count/2, tally)
		mutants(t, good, first+count/2, count-count/2, tally)
		return
	}
	if err != nil {
		tally["child died"]++
		if k := fault.KindOf(err); k != fault.Unprocessable && k != fault.TooLarge || time.Since(start) > 70*time.Second {
			t.Errorf("mutant %d: %v of kind %v after %v", first, err, k, time.Since(start))
		}
		return
	}
	for line := range strings.Lines(string(lines)) {
		_, outcome, _ := strings.Cut(strings.TrimSpace(line), " ")
		what, _, _ := strings.Cut(outcome, ":")
		tally[what]++
		switch what {
		case "read", "child panic":
		case "refused", "refused by the parent":
			if strings.HasSuffix(outcome, ": internal") {
				t.Errorf("mutant %s is told as our own fault", line)
			}
		default:
			t.Errorf("mutant %s", line)
		}
	}
}
