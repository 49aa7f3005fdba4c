package pth

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/weights"
)

// member is one member of an archive that a test makes, lies included: what is zero is told truly.
type member struct {
	name          string
	data          []byte // as it lies in the file
	method, flags uint16
	packed, plain uint64 // sizes that the directory claims
	crc           uint32
	at            int64 // place of the local header that the directory claims; −1: that of the first member
	zip64         bool  // sizes and place in 64 bits
}

// zipped writes the members and their directory, byte by byte: archive/zip would write no lies.
func zipped(members ...member) []byte {
	le := binary.LittleEndian
	var file, dir []byte
	for _, m := range members {
		at := int64(len(file))
		if m.at != 0 {
			at = max(m.at, 0)
		}
		if m.packed == 0 {
			m.packed = uint64(len(m.data))
		}
		if m.plain == 0 {
			m.plain = uint64(len(m.data))
		}
		if m.crc == 0 {
			m.crc = crc32.ChecksumIEEE(m.data)
		}
		head := le.AppendUint16(nil, 20) // version
		head = le.AppendUint16(head, m.flags)
		head = le.AppendUint16(head, m.method)
		head = le.AppendUint32(head, 0) // time
		head = le.AppendUint32(head, m.crc)
		var extra []byte
		place := uint32(at)
		if m.zip64 {
			head = le.AppendUint32(le.AppendUint32(head, 1<<32-1), 1<<32-1)
			extra = le.AppendUint16(le.AppendUint16(nil, 1), 24)
			extra = le.AppendUint64(le.AppendUint64(le.AppendUint64(extra, m.plain), m.packed), uint64(at))
			place = 1<<32 - 1
		} else {
			head = le.AppendUint32(le.AppendUint32(head, uint32(m.packed)), uint32(m.plain))
		}
		head = le.AppendUint16(head, uint16(len(m.name)))
		file = append(append(file, "PK\x03\x04"...), head...)
		file = append(le.AppendUint16(file, 0), m.name...)
		file = append(file, m.data...)

		dir = append(append(append(dir, "PK\x01\x02"...), 20, 0), head...)
		dir = le.AppendUint16(dir, uint16(len(extra)))
		dir = append(dir, make([]byte, 10)...) // comment, disk, attributes
		dir = append(append(le.AppendUint32(dir, place), m.name...), extra...)
	}
	return append(append(file, dir...), ending(len(members), len(dir), len(file))...)
}

// ending is the record that ends an archive.
func ending(members, size, at int) []byte {
	le := binary.LittleEndian
	b := append([]byte("PK\x05\x06"), make([]byte, 4)...)
	b = le.AppendUint16(le.AppendUint16(b, uint16(members)), uint16(members))
	return append(le.AppendUint32(le.AppendUint32(b, uint32(size)), uint32(at)), 0, 0)
}

// oneTensor is the pickle of {"w": tensor of four floats in storage 0}.
const oneTensor = "\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n" +
	"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK\x00K\x04\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs."

// checkpoint puts the two members of a good checkpoint before others.
func checkpoint(more ...member) []member {
	return append([]member{
		{name: "m/data.pkl", data: []byte(oneTensor)},
		{name: "m/data/0", data: []byte("0123456789abcdef")},
	}, more...)
}

// deflated packs n zero bytes.
func deflated(tb testing.TB, n int) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		tb.Fatal(err)
	}
	for chunk := make([]byte, 1<<20); n > 0; n -= len(chunk) {
		if _, err := w.Write(chunk[:min(n, len(chunk))]); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// TestBadArchives is rows 39, 41 and 42 as far as they concern the archive. Not parallel: memory.
func TestBadArchives(t *testing.T) {
	t.Chdir(t.TempDir())
	bomb := deflated(t, 64<<20)
	tensor := []byte("0123456789abcdef")
	storage := func(m member) []byte {
		m.name = "m/data/0"
		if m.data == nil {
			m.data = tensor
		}
		return zipped(member{name: "m/data.pkl", data: []byte(oneTensor)}, m)
	}
	for _, tc := range []struct {
		name string
		in   []byte
		text string
	}{
		{name: "overlap", in: zipped(checkpoint(member{name: "m/x", data: tensor, at: -1})...), text: "share bytes"},
		{name: "overlap within a member", in: zipped(checkpoint(member{name: "m/x", data: tensor, at: 5})...), text: "does not lie within the file"},
		{name: "into the directory", in: storage(member{packed: 60, plain: 60}), text: "its member of the archive has 60 bytes"},
		{name: "same name twice", in: zipped(checkpoint(member{name: "m/data/0", data: tensor})...), text: "`m/data/0` stands twice"},
		{name: "beyond the end", in: storage(member{packed: 1 << 20, plain: 1 << 20}), text: "claims 1048576 bytes"},
		{name: "stored in two sizes", in: storage(member{plain: 20}), text: "claims 16 bytes packed and 20 unpacked"},
		{name: "encrypted", in: storage(member{flags: 1}), text: "is encrypted"},
		{name: "strongly encrypted", in: storage(member{flags: 1 << 6}), text: "is encrypted"},
		{name: "bzip2", in: storage(member{method: 12}), text: "packed by method 12"},
		{name: "wrong checksum", in: storage(member{crc: 1}), text: "checksum of member `m/data/0`"},
		{name: "damaged deflate", in: storage(member{method: zip.Deflate}), text: "has not the 16 bytes"},
		{name: "zip64 sizes", in: storage(member{zip64: true, packed: 1 << 62, plain: 1 << 62}), text: "claims 4611686018427387904 bytes"},
		{name: "zip64 unpacked", in: storage(member{zip64: true, method: zip.Deflate, plain: 1 << 63}), text: "a zip bomb"},
		{name: "zip64 place", in: storage(member{zip64: true, at: 1 << 62}), text: "does not lie within the file"},
		{name: "zip64 place below zero", in: storage(member{zip64: true, at: -1 << 63}), text: "share bytes"},
		{name: "bomb", in: storage(member{method: zip.Deflate, data: bomb, plain: 64 << 20}), text: "a zip bomb"},
		{name: "bomb that lies", in: storage(member{method: zip.Deflate, data: bomb, plain: 16}), text: "has not the 16 bytes"},
		{name: "pickle bomb that lies", in: zipped(member{name: "m/data.pkl", method: zip.Deflate, data: bomb, plain: 100}), text: "has not the 100 bytes"},
		{name: "4 MB for 4 GiB", in: zipped(many(64, member{method: zip.Deflate, data: bomb, plain: 64 << 20})...), text: "a zip bomb"},
		{name: "10,001 members", in: zipped(checkpoint(make([]member, 9999)...)...), text: "more than 10000 members"},
		{name: "1,000,000 members", in: millionMembers(), text: "more than 10000 members"},
		{name: "archive in an archive", in: zipped(member{name: "m/data.zip", data: zipped(checkpoint()...)}), text: "has 0 members data.pkl"},
		{name: "empty archive", in: ending(0, 0, 0), text: "does not begin as a zip archive"},
		{name: "no pickle", in: zipped(member{name: "m/data/0", data: tensor}), text: "has 0 members data.pkl"},
		{name: "pickle outside", in: zipped(member{name: "../../m/data.pkl", data: []byte(oneTensor)}), text: "has 0 members data.pkl"},
		{name: "two pickles", in: zipped(checkpoint(member{name: "n/data.pkl", data: []byte(oneTensor)})...), text: "has 2 members data.pkl"},
		{name: "storage outside", in: zipped(member{name: "m/data.pkl", data: []byte(oneTensor)}, member{name: "../m/data/0", data: tensor}), text: `storage "0" is not in its archive`},
		{name: "byteorder of a novel", in: zipped(checkpoint(member{name: "m/byteorder", data: bytes.Repeat(tensor, 5)})...), text: "has 80 bytes"},
		{name: "directory of another archive", in: append(zipped(checkpoint()...), ending(2, 1000, 0)...), text: "no readable directory"},
		{name: "a page", in: []byte("<!DOCTYPE html><title>404</title>"), text: "is no PyTorch checkpoint"},
		{name: "7 bytes", in: []byte("PK\x03\x04abc"), text: "may be cut off"},
		{name: "nothing", in: nil, text: "this file is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := refuse(t, tc.in); !strings.Contains(err.Error(), tc.text) {
				t.Errorf("%q, want %q", err, tc.text)
			}
		})
	}
	noCanary(t, ".")
}

// many are n members alike but for their names.
func many(n int, m member) []member {
	all := slices.Repeat([]member{m}, n)
	for i := range all {
		all[i].name = fmt.Sprintf("m/data/%d", i)
	}
	return all
}

// millionMembers is a directory that says a million times that the member is there.
func millionMembers() []byte {
	b := zipped(member{name: "x", data: []byte("x")})
	from := bytes.Index(b, []byte("PK\x01\x02"))
	to := bytes.Index(b, []byte("PK\x05\x06"))
	dir := bytes.Repeat(b[from:to], 1e6)
	return append(append(b[:from:from], dir...), ending(1e6, len(dir), from)...)
}

// TestGoodArchives reads archives as others than torch write them.
func TestGoodArchives(t *testing.T) {
	t.Parallel()
	want := "0123456789abcdef"
	for name, in := range map[string][]byte{
		"plain":         zipped(checkpoint()...),
		"deflated":      zipped(checkpoint(member{name: "m/zeros", method: zip.Deflate, data: deflated(t, 1<<20), plain: 1 << 20, crc: 0xa738ea1c})...),
		"zip64":         zipped(member{name: "m/data.pkl", data: []byte(oneTensor)}, member{name: "m/data/0", data: []byte(want), zip64: true}),
		"with a folder": zipped(checkpoint(member{name: "m/data/"})...),
		"odd top":       zipped(member{name: "…/data.pkl", data: []byte(oneTensor)}, member{name: "…/data/0", data: []byte(want)}),
	} {
		out, err := converted(in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f, err := weights.Read(out)
		if err != nil || string(f.Tensor("w").Data) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDeflated packs what torch has stored, and expects the same tensors.
func TestDeflated(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(golden(t, "good"), "views.pth"))
	if err != nil {
		t.Fatal(err)
	}
	old, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, f := range old.File {
		content, err := read(f)
		if err != nil {
			t.Fatal(err)
		}
		out, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := converted(packed.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(golden(t, "good"), "views.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
}
