package pth

import (
	"strings"

	"vizserver/internal/fault"
	"vizserver/internal/weights"
)

// Limits of names and numbers of tensors, as in package weights, whose writer refuses more.
const (
	maxTensors = 65536
	maxName    = 512
	maxHeader  = 16<<20 - 8<<10
)

// namedTensor is one entry of a state dict.
type namedTensor struct {
	name string
	*tensor
}

// wrappers are the prefixes that PyTorch's wrappers of a net, and Lightning, put before all names:
// torch.nn.DataParallel, torch.compile, LightningModule.
var wrappers = []string{"module.", "_orig_mod.", "model."}

// tensorsOf lists the tensors of a state dict, and the prefix that was cut from all names. What is
// no tensor there (a number of steps, an extra state) is left out.
func tensorsOf(state *dict) (named []namedTensor, prefix string, err error) {
	seen := map[string]bool{}
	header := 0
	for _, p := range state.pairs {
		t, isTensor := p.val.(*tensor)
		name, isText := p.key.(string)
		switch {
		case !isTensor || !isText:
			continue
		case seen[name]:
			return nil, "", damaged("tensor `%s` stands twice", show(name))
		case len(name) > maxName || len(named) == maxTensors || header > maxHeader:
			return nil, "", fault.New(fault.TooLarge, "this checkpoint has more than %d tensors, or names of more than %d bytes, or too many long ones", maxTensors, maxName)
		case t.dtype.name == "":
			return nil, "", refused("tensor `%s` holds complex numbers or 8-bit floats, which are not read", show(name)).
				WithHint(`Save it as float: torch.save({k: v.float() for k, v in model.state_dict().items()}, "model.pth").`)
		}
		seen[name] = true
		header += 6*len(name) + 200 // JSON: a byte may take six, the rest of an entry fewer than 200
		named = append(named, namedTensor{name, t})
	}
	prefix = commonPrefix(named)
	for i := range named {
		named[i].name = named[i].name[len(prefix):]
		if named[i].name == "" || named[i].name == "__metadata__" {
			return nil, "", damaged("a tensor has the name %q", named[i].name)
		}
	}
	return named, prefix, nil
}

// commonPrefix is what of wrappers stands before every name.
func commonPrefix(named []namedTensor) string {
	prefix := ""
	for again := true; again; {
		again = false
		for _, w := range wrappers {
			if allHave(named, prefix+w) {
				prefix += w
				again = true
			}
		}
	}
	return prefix
}

func allHave(named []namedTensor, prefix string) bool {
	for _, n := range named {
		if !strings.HasPrefix(n.name, prefix) {
			return false
		}
	}
	return len(named) > 0
}

// fill reads the storages and cuts the tensors out of them. Two tensors of one storage get bytes of
// their own in the file, for safetensors has no shared ones.
func (a *archive) fill(named []namedTensor) ([]weights.Tensor, error) {
	total := int64(0)
	for _, n := range named {
		size := int64(n.dtype.size)
		if n.elements > (a.budget-total)/size {
			return nil, refused("tensor `%s` of shape %v unfolds this checkpoint to more than %d bytes", show(n.name), n.size, a.budget)
		}
		total += n.elements * size
		n.storage.users++
	}
	out := make([]weights.Tensor, len(named))
	for i, n := range named {
		data, err := n.storage.load()
		if err != nil {
			return nil, err
		}
		shape := make([]int, len(n.size))
		for d := range shape {
			shape[d] = int(n.size[d])
		}
		out[i] = weights.Tensor{Name: n.name, Dtype: n.dtype.name, Shape: shape, Data: n.bytes(data)}
	}
	return out, nil
}
