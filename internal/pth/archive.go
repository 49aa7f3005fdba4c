package pth

import (
	"archive/zip"
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"

	"vizserver/internal/fault"
)

// Limits of an archive. ResNet-152 has 935 members and a directory of 90 kB.
const (
	maxMembers   = 10_000
	maxDirectory = 4 << 20  // bytes read to find the members; 400 each
	maxPickle    = 64 << 20 // bytes of data.pkl, and so of all strings in it
	outputSlack  = 16 << 20 // what a small file may unfold to, beyond four times its size
)

// archive is the zip archive of a checkpoint, its members checked against one another. Names of
// members are looked up, never used as paths.
type archive struct {
	members map[string]*zip.File
	prefix  string // the folder of data.pkl: "archive/", or the name that the file once had
	budget  int64  // bytes that all members, and all tensors, may unfold to
}

// budgeted reads a file until some bytes have been read. The directory of a zip archive tells its
// own length, and archive/zip believes it.
type budgeted struct {
	r    io.ReaderAt
	left int64
}

var errBudget = errors.New("more than the directory of an archive may take")

// ReadAt implements io.ReaderAt.
func (b *budgeted) ReadAt(p []byte, at int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errBudget
	}
	return b.r.ReadAt(p, at)
}

// openArchive reads the directory and checks every member, without reading any.
func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	limited := &budgeted{r: r, left: maxDirectory}
	z, err := zip.NewReader(limited, size)
	if errors.Is(err, errBudget) || err == nil && len(z.File) > maxMembers {
		return nil, refused("this archive has more than %d members", maxMembers)
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, damaged("its zip archive has no readable directory; the file may be cut off").WithCause(err)
	}
	a := &archive{members: make(map[string]*zip.File, len(z.File)), budget: 4*size + outputSlack}
	limited.left = maxMembers * 64 // the local header of each member
	if err := a.check(z.File, size); err != nil {
		return nil, err
	}
	limited.left = 1 << 62
	return a, a.locate()
}

// check looks at each member alone, then at their places in the file.
func (a *archive) check(files []*zip.File, size int64) error {
	spans := make([]span, 0, len(files))
	total := uint64(0)
	for _, f := range files {
		if err := checkMember(f, uint64(size)); err != nil {
			return err
		}
		if a.members[f.Name] != nil {
			return damaged("member `%s` stands twice in its archive", show(f.Name))
		}
		a.members[f.Name] = f
		if total += f.UncompressedSize64; total > uint64(a.budget) {
			return refused("this archive of %d bytes unfolds to more than %d: a zip bomb", size, a.budget)
		}
		at, err := f.DataOffset()
		if err != nil || at < 0 || uint64(at) > uint64(size) || f.CompressedSize64 > uint64(size)-uint64(at) {
			return damaged("member `%s` does not lie within the file", show(f.Name)).WithCause(err)
		}
		spans = append(spans, span{f.Name, uint64(at) - min(uint64(at), 30+uint64(len(f.Name))), uint64(at) + f.CompressedSize64})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return damaged("members `%s` and `%s` of its archive share bytes", show(spans[i-1].name), show(spans[i].name))
		}
	}
	return nil
}

// span is where a member lies, its local header included, which has 30 bytes and the name.
type span struct {
	name     string
	from, to uint64
}

// Bits of a member's flags that mean encryption (APPNOTE.TXT §4.4.4: encrypted, strong, masked).
const encrypted = 1<<0 | 1<<6 | 1<<13

func checkMember(f *zip.File, size uint64) error {
	switch {
	case f.Flags&encrypted != 0:
		return refused("member `%s` of this archive is encrypted", show(f.Name))
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return refused("member `%s` of this archive is packed by method %d; only stored and deflated ones are read", show(f.Name), f.Method)
	case f.Method == zip.Store && f.CompressedSize64 != f.UncompressedSize64, f.CompressedSize64 > size:
		return damaged("member `%s` claims %d bytes packed and %d unpacked", show(f.Name), f.CompressedSize64, f.UncompressedSize64)
	}
	return nil
}

// locate finds data.pkl, and tells checkpoints from the other archives that PyTorch writes.
func (a *archive) locate() error {
	var tops []string
	for name := range a.members {
		if top, base, ok := strings.Cut(name, "/"); ok && base == "data.pkl" {
			tops = append(tops, top+"/")
		}
	}
	if len(tops) != 1 {
		return refused("this archive has %d members data.pkl, and a PyTorch checkpoint has one", len(tops))
	}
	a.prefix = tops[0]
	for name := range a.members {
		rest, ours := strings.CutPrefix(name, a.prefix)
		if ours && (rest == "constants.pkl" || strings.HasPrefix(rest, "code/")) {
			return fault.New(fault.Unprocessable, "this is a TorchScript archive: a program, not weights").
				WithHint("%s; or export the model as ONNX: torch.onnx.export(model, (input,), \"model.onnx\")", hintAgain)
		}
	}
	order, err := a.small("byteorder")
	if err != nil {
		return err
	}
	if order = strings.TrimSpace(order); order != "" && order != "little" {
		return refused("the numbers of this checkpoint have the byte order %q; only little-endian ones are read", show(order))
	}
	return nil
}

// small reads a member of a few bytes; "" where there is none.
func (a *archive) small(name string) (string, error) {
	f := a.members[a.prefix+name]
	if f == nil {
		return "", nil
	}
	if f.UncompressedSize64 > 64 {
		return "", damaged("member %s has %d bytes", name, f.UncompressedSize64)
	}
	b, err := read(f)
	return string(b), err
}

// pickle reads data.pkl. It is a string so that the strings in it need no memory of their own.
func (a *archive) pickle() (string, error) {
	f := a.members[a.prefix+"data.pkl"]
	if f.UncompressedSize64 > maxPickle {
		return "", refused("the pickle of this checkpoint has %d bytes; at most %d are read", f.UncompressedSize64, maxPickle)
	}
	b, err := read(f)
	return string(b), err
}

// read returns a member's bytes, checked against its length and its CRC-32.
func read(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, damaged("member `%s` cannot be opened", show(f.Name)).WithCause(err)
	}
	defer r.Close()
	b := make([]byte, f.UncompressedSize64)
	if _, err = io.ReadFull(r, b); err == nil {
		err = atEnd(r)
	}
	switch {
	case errors.Is(err, zip.ErrChecksum):
		return nil, damaged("the checksum of member `%s` is another than that of its bytes", show(f.Name)).WithCause(err)
	case err != nil:
		return nil, damaged("member `%s` has not the %d bytes that it claims", show(f.Name), len(b)).WithCause(err)
	}
	return b, nil
}

// atEnd reads on to the end, where archive/zip compares the checksum; nothing may come before it.
func atEnd(r io.Reader) error {
	var one [1]byte
	n, err := r.Read(one[:])
	if n == 0 && errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		return errors.New("more bytes than claimed")
	}
	return err
}
