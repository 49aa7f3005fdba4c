package hdf5

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"strings"

	"github.com/scigolib/hdf5"

	"vizserver/internal/fault"
)

// The parts of the HDF5 file format that list groups as h5py writes them by default: superblock
// version 0, object headers of version 1, symbol tables. "HDF5 File Format Specification Version
// 3.0", sections II.A, III.A.1, III.B, III.C, III.D, IV.A.1.

// Types of messages in an object header, section IV.A.2.
const (
	messageDataspace    = 0x01
	messageLayout       = 0x08
	messageContinuation = 0x10
	messageSymbolTable  = 0x11
)

// Places in the superblock of version 0.
const (
	superVersion  = 8
	superOffsets  = 13 // bytes of an address
	superLengths  = 14
	superRoot     = 64 // address of the root group's object header
	superRootKind = 72 // its cache, of which nothing is true once the root is another
	superEnd      = 96
)

const (
	maxDepth   = 64      // groups in groups
	maxBlocks  = 64      // of one object header
	maxHeader  = 1 << 20 // bytes of all its messages
	maxName    = 512
	maxForeign = 8 // groups of newer formats that an old one holds
	cacheSoft  = 2 // type of a symbol table entry that is a soft link
)

// list finds all groups and datasets.
func (f *File) list() error {
	super, err := f.read(0, superEnd)
	if err != nil {
		return err
	}
	if super[superVersion] != 0 || super[superOffsets] != 8 || super[superLengths] != 8 {
		return f.adopt(0, "") // a newer form: by the library, with what it can do
	}
	f.groups[""] = group{}
	return f.group(binary.LittleEndian.Uint64(super[superRoot:]), "", map[uint64]bool{})
}

// group adds the group whose object header lies at an address, and what is below it. path is
// empty or ends with a slash. A group that stands in several places is added once.
func (f *File) group(address uint64, path string, seen map[uint64]bool) error {
	if seen[address] {
		return nil
	}
	seen[address] = true
	if strings.Count(path, "/") > maxDepth {
		return fault.New(fault.TooLarge, "the HDF5 file has groups in groups more than %d deep", maxDepth)
	}
	h, err := f.header(address)
	if err != nil {
		return err
	}
	if h.table == 0 {
		return f.adopt(address, path)
	}
	f.groups[strings.TrimSuffix(path, "/")] = group{address: address, table: h.table}
	return f.members(h, func(name string, child uint64) error {
		if err := f.count(); err != nil {
			return err
		}
		c, err := f.header(child)
		if err != nil {
			return err
		}
		if c.data {
			f.Datasets = append(f.Datasets, Dataset{Path: path + name, parent: address})
			return nil
		}
		return f.group(child, path+name+"/", seen)
	})
}

// adopt lets the library read a group of a newer format, and all below.
func (f *File) adopt(address uint64, path string) error {
	if len(f.foreign) == maxForeign {
		return damaged("it mixes groups of the old and the new format", nil)
	}
	inner, err := f.enter(address)
	if err != nil {
		return err
	}
	f.foreign, f.current = append(f.foreign, inner), nil
	return f.walk(inner.Root(), path)
}

// header is what the header of an object says.
type header struct {
	data        bool   // it is a dataset
	table       int64  // place of the type of the symbol table message; 0: there is none
	btree, heap uint64 // what that message points to
}

// header reads the messages of an object header of version 1; of another one it says nothing.
func (f *File) header(address uint64) (header, error) {
	var h header
	prefix, err := f.read(address, 16)
	if err != nil || prefix[0] != 1 {
		return h, err
	}
	type block struct{ at, size uint64 }
	blocks := []block{{address + 16, uint64(binary.LittleEndian.Uint32(prefix[8:]))}}
	total := uint64(0)
	for k := 0; k < len(blocks); k++ {
		total += blocks[k].size
		if len(blocks) > maxBlocks || blocks[k].size > maxHeader || total > maxHeader {
			return h, damaged("the header of an object is too large", nil)
		}
		b, err := f.read(blocks[k].at, int(blocks[k].size))
		if err != nil {
			return h, err
		}
		for at := 0; at+8 <= len(b); {
			kind, size := binary.LittleEndian.Uint16(b[at:]), int(binary.LittleEndian.Uint16(b[at+2:]))
			body := b[at+8:]
			if size > len(body) {
				break
			}
			switch {
			case kind == messageDataspace || kind == messageLayout:
				h.data = true
			case kind == messageSymbolTable && size >= 16:
				h.table = int64(blocks[k].at) + int64(at)
				h.btree, h.heap = binary.LittleEndian.Uint64(body), binary.LittleEndian.Uint64(body[8:])
			case kind == messageContinuation && size >= 16:
				blocks = append(blocks, block{binary.LittleEndian.Uint64(body), binary.LittleEndian.Uint64(body[8:])})
			}
			at += 8 + size
		}
	}
	return h, nil
}

// members calls do with the name and the address of every member of a group: the leaves of its
// B-tree, at any depth. Links by name are left out; nothing follows them.
func (f *File) members(h header, do func(name string, address uint64) error) error {
	heap, err := f.read(h.heap, 32)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(heap, []byte("HEAP")) {
		return damaged("the names of a group are not where they should be", nil)
	}
	names, length := binary.LittleEndian.Uint64(heap[24:]), binary.LittleEndian.Uint64(heap[8:])
	seen := map[uint64]bool{}
	stack := []uint64{h.btree}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[at] || len(seen) > maxObjects {
			return damaged("the list of a group goes round in a circle", nil)
		}
		seen[at] = true
		node, err := f.read(at, 24)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(node, []byte("TREE")) && node[4] == 0 {
			n := int(binary.LittleEndian.Uint16(node[6:]))
			children, err := f.read(at+24, 16*n) // a key, a child, …
			if err != nil {
				return err
			}
			for i := n - 1; i >= 0; i-- { // so that the first is taken first
				stack = append(stack, binary.LittleEndian.Uint64(children[16*i+8:]))
			}
			continue
		}
		if !bytes.HasPrefix(node, []byte("SNOD")) {
			return damaged("the list of a group is not where it should be", nil)
		}
		if err := f.symbols(at, int(binary.LittleEndian.Uint16(node[6:])), names, length, do); err != nil {
			return err
		}
	}
	return nil
}

// symbols reads a node of n members, whose names lie in length bytes at an address.
func (f *File) symbols(at uint64, n int, names, length uint64, do func(name string, address uint64) error) error {
	entries, err := f.read(at+8, 40*n)
	if err != nil {
		return err
	}
	for i := range n {
		e := entries[40*i:]
		offset := binary.LittleEndian.Uint64(e)
		if binary.LittleEndian.Uint32(e[16:]) == cacheSoft {
			continue
		}
		if offset >= length || names > uint64(f.size) {
			return damaged("the name of a member lies outside of its group's names", nil)
		}
		b, err := f.read(names+offset, int(min(length-offset, maxName+1, max(uint64(f.size)-names, offset)-offset)))
		if err != nil {
			return err
		}
		name, _, ok := bytes.Cut(b, []byte{0})
		if !ok || len(name) == 0 || len(name) > maxName || bytes.ContainsRune(name, '/') {
			return damaged("the name of a member is empty, too long, or holds a slash", nil)
		}
		if err := do(string(name), binary.LittleEndian.Uint64(e[8:])); err != nil {
			return err
		}
	}
	return nil
}

// read returns n bytes of the file.
func (f *File) read(at uint64, n int) ([]byte, error) {
	if n < 0 || at > uint64(f.size) || uint64(n) > uint64(f.size)-at {
		return nil, damaged(fmt.Sprintf("it points to %d bytes at %d, and has %d", n, at, f.size), nil)
	}
	b := make([]byte, n)
	if _, err := f.raw.ReadAt(b, int64(at)); err != nil {
		return nil, damaged("it cannot be read", err)
	}
	return b, nil
}

// write puts bytes into the copy.
func (f *File) write(at int64, b ...byte) error {
	if _, err := f.raw.WriteAt(b, at); err != nil {
		return fmt.Errorf("mark the copy of the file: %w", err)
	}
	return nil
}

// enter opens the file by the library with the group of this address as the root; 0 is the root
// that the file has. It belongs to f, until leave.
func (f *File) enter(address uint64) (*hdf5.File, error) {
	if f.current != nil && f.at == address && address != 0 {
		return f.current, nil
	}
	f.leave()
	if address != 0 {
		super := binary.LittleEndian.AppendUint64(nil, address)
		if err := f.write(superRoot, append(super, make([]byte, superEnd-superRootKind)...)...); err != nil {
			return nil, err
		}
	}
	inner, err := hdf5.Open(f.name)
	if err != nil {
		return nil, damaged("its structure cannot be read", err)
	}
	f.current, f.at = inner, address
	return inner, nil
}

// leave closes what the library has open.
func (f *File) leave() {
	if f.current != nil {
		_ = f.current.Close() // it was only read
		f.current = nil
	}
}

// find returns the library's dataset, which is good until the next enter.
func (f *File) find(d *Dataset) (*hdf5.Dataset, error) {
	if d.inner != nil {
		return d.inner, nil
	}
	inner, err := f.enter(d.parent)
	if err != nil {
		return nil, err
	}
	for _, child := range inner.Root().Children() {
		if c, ok := child.(*hdf5.Dataset); ok && c.Name() == path.Base(d.Path) {
			return c, nil
		}
	}
	return nil, damaged(fmt.Sprintf("%q cannot be found in its group", d.Path), nil)
}
