package pth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"vizserver/internal/fault"
	"vizserver/internal/weights"
)

// Convert reads a checkpoint and writes its weights as a safetensors file: names without the prefix
// that all of them share through torch.nn.DataParallel and the like, dtypes as they are, each tensor
// row by row. The metadata of the result says where in the checkpoint the weights lay ("path") and
// what was cut from all names ("prefix"). It holds all of the weights in memory once.
//
// An error has a kind (Unprocessable, or TooLarge for what no safetensors file of ours may hold),
// a text that says what is wrong, and a hint. Nothing is written before everything was checked.
func Convert(in *os.File, out io.Writer) error {
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("size of the checkpoint: %w", err)
	}
	return convert(in, info.Size(), out)
}

func convert(in io.ReaderAt, size int64, out io.Writer) error {
	if err := sniff(in, size); err != nil {
		return err
	}
	a, err := openArchive(in, size)
	if err != nil {
		return err
	}
	src, err := a.pickle()
	if err != nil {
		return err
	}
	storages := map[string]*storage{}
	root, err := unpickle(src, func(g *global, key string, elements int64) (*storage, error) {
		return a.storage(storages, g, key, elements)
	})
	if err != nil {
		return err
	}
	state, path, err := findState(root)
	if err != nil {
		return err
	}
	named, prefix, err := tensorsOf(state)
	if err != nil {
		return err
	}
	tensors, err := a.fill(named)
	if err != nil {
		return err
	}
	return weights.Write(out, tensors, map[string]string{"path": path, "prefix": prefix})
}

// The first bytes of the formats that people keep under the name .pth.
var (
	magicZip    = []byte("PK\x03\x04")
	magicLegacy = []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") // MAGIC_NUMBER of torch/serialization.py, pickled
	magicTar    = []byte("ustar")                                                    // at byte 257
)

// sniff refuses by name what is no zip archive.
func sniff(in io.ReaderAt, size int64) error {
	head := make([]byte, 262)
	n, err := in.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return damaged("it cannot be read").WithCause(err)
	}
	head = head[:n]
	old := func(what string) error {
		return fault.New(fault.Unprocessable, "this is %s, which only Python can read safely", what).WithHint("%s", hintAgain)
	}
	switch {
	case size == 0:
		return fault.New(fault.Unprocessable, "this file is empty").WithHint("%s", hintSave)
	case bytes.HasPrefix(head, magicZip):
		return nil
	case bytes.HasPrefix(head, magicLegacy):
		return old("a checkpoint in the format of PyTorch before 1.6 (a bare pickle)")
	case len(head) == 262 && bytes.HasSuffix(head, magicTar):
		return old("a checkpoint in the tar format of PyTorch before 0.1.10")
	case n >= 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5:
		return old("a bare pickle")
	}
	return fault.New(fault.Unprocessable, "this is no PyTorch checkpoint: it does not begin as a zip archive").WithHint("%s", hintSave)
}

// storage finds the member of a storage, and compares its length with the one that the pickle says.
func (a *archive) storage(seen map[string]*storage, g *global, key string, elements int64) (*storage, error) {
	f := a.members[a.prefix+"data/"+key]
	if f == nil {
		return nil, damaged("storage %q is not in its archive", show(key))
	}
	unit := int64(max(g.storage.size, 1)) // an untyped storage counts bytes
	bytes := int64(f.UncompressedSize64)  // within the budget, so it fits
	if bytes%unit != 0 || bytes/unit != elements {
		return nil, damaged("storage %q says %d elements of %d bytes, and its member of the archive has %d bytes", show(key), elements, unit, bytes)
	}
	s := seen[key]
	if s == nil {
		s = &storage{key: key, member: f, dtype: *g.storage, bytes: bytes}
		seen[key] = s
	}
	if s.dtype != *g.storage {
		return nil, damaged("storage %q has two types", show(key))
	}
	return s, nil
}

// stateKeys are the names under which training scripts keep a state dict, the likeliest first.
var stateKeys = []string{
	"state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights", "params", "generator",
}

const maxNesting = 4

// findState finds the dict of the weights in what the pickle made, and the way there: "model.state_dict".
func findState(root value) (state *dict, path string, err error) {
	d, ok := root.(*dict)
	if !ok {
		return nil, "", refused("this checkpoint holds no dict of weights")
	}
	found, several := search(d, 0)
	switch {
	case len(several) > 0:
		return nil, "", refused("this checkpoint holds several sets of weights: %s", show(strings.Join(several, ", "))).
			WithHint(`Save the one that you mean: torch.save(checkpoint[%q], "model.pth").`, show(several[0]))
	case found == nil:
		return nil, "", refused("this checkpoint holds no weights")
	}
	return found.dict, strings.Join(found.path, "."), nil
}

type findings struct {
	dict *dict
	path []string
}

// search looks for weights in d: under the names of stateKeys, then in d itself, then in whatever
// dict it holds, of which only one may have some.
func search(d *dict, level int) (found *findings, several []string) {
	if level > maxNesting {
		return nil, nil
	}
	inner := map[string]*dict{}
	var order []string
	tensors := false
	for _, p := range d.pairs {
		key, ok := p.key.(string)
		if !ok {
			continue
		}
		switch v := p.val.(type) {
		case *tensor:
			tensors = true
		case *dict:
			inner[key] = v
			order = append(order, key)
		}
	}
	for _, key := range stateKeys {
		if sub := inner[key]; sub != nil {
			if found, several = search(sub, level+1); found != nil || len(several) > 0 {
				return found.under(key), several
			}
		}
	}
	if tensors {
		return &findings{dict: d}, nil
	}
	for _, key := range order {
		f, more := search(inner[key], level+1)
		if len(more) > 0 {
			return nil, more
		}
		if f != nil {
			several = append(several, key)
			found = f.under(key)
		}
	}
	if len(several) > 1 {
		return nil, several
	}
	return found, nil
}

// under puts a key before the path.
func (f *findings) under(key string) *findings {
	if f == nil {
		return nil
	}
	return &findings{f.dict, append([]string{show(key)}, f.path...)}
}
