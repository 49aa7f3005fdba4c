package pth

import (
	"math"
	"strconv"
)

// opcode is one instruction of pickle; its byte has been read.
type opcode func(m *machine) error

// opcodes are those that torch.save writes in protocols 2 to 5, and those of them that ask for code,
// which are here to be refused by name. All others are nil.
var opcodes = [256]opcode{
	0x80: proto,
	0x95: func(m *machine) error { _, err := m.number(8); return err }, // FRAME: a hint for buffers
	'.':  func(m *machine) error { m.done = true; return nil },         // STOP

	'N':  constant(nil),     // NONE
	0x88: constant(true),    // NEWTRUE
	0x89: constant(false),   // NEWFALSE
	'J':  integer(4, true),  // BININT
	'K':  integer(1, false), // BININT1
	'M':  integer(2, false), // BININT2
	0x8a: long(1),           // LONG1
	0x8b: long(4),           // LONG4
	'G':  float,             // BINFLOAT
	'X':  text(4),           // BINUNICODE
	0x8c: text(1),           // SHORT_BINUNICODE
	0x8d: text(8),           // BINUNICODE8
	'T':  octets(4),         // BINSTRING: bytes of Python 2
	'U':  octets(1),         // SHORT_BINSTRING
	'B':  octets(4),         // BINBYTES
	'C':  octets(1),         // SHORT_BINBYTES
	0x8e: octets(8),         // BINBYTES8
	0x96: octets(8),         // BYTEARRAY8

	'(':  func(m *machine) error { m.marks = append(m.marks, len(m.stack)); return nil }, // MARK
	'0':  func(m *machine) error { _, err := m.pop(); return err },                       // POP
	'1':  func(m *machine) error { _, err := m.toMark(); return err },                    // POP_MARK
	')':  tupleOf(0),                                                                     // EMPTY_TUPLE
	0x85: tupleOf(1),                                                                     // TUPLE1
	0x86: tupleOf(2),
	0x87: tupleOf(3),
	't':  markedTuple,                                            // TUPLE
	']':  func(m *machine) error { m.push(&list{}); return nil }, // EMPTY_LIST
	0x8f: func(m *machine) error { m.push(&list{}); return nil }, // EMPTY_SET: an unused kind of list
	'}':  func(m *machine) error { m.push(&dict{}); return nil }, // EMPTY_DICT
	'a':  appendOne,
	'e':  appendMany,                                                                   // APPENDS
	0x90: appendMany,                                                                   // ADDITEMS
	0x91: func(m *machine) error { _, err := m.toMark(); m.push(inert{}); return err }, // FROZENSET
	's':  setOne,                                                                       // SETITEM
	'u':  setMany,                                                                      // SETITEMS

	'q':  func(m *machine) error { return numbered(m, 1, m.put) },      // BINPUT
	'r':  func(m *machine) error { return numbered(m, 4, m.put) },      // LONG_BINPUT
	'h':  func(m *machine) error { return numbered(m, 1, m.get) },      // BINGET
	'j':  func(m *machine) error { return numbered(m, 4, m.get) },      // LONG_BINGET
	0x94: func(m *machine) error { return m.put(uint64(len(m.memo))) }, // MEMOIZE

	'c':  named,      // GLOBAL
	0x93: stackNamed, // STACK_GLOBAL
	'R':  reduce,     // REDUCE
	'b':  build,      // BUILD
	'Q':  persistent, // BINPERSID

	0x81: construct("NEWOBJ"), // of what is on the list, nothing is made this way
	0x92: construct("NEWOBJ_EX"),
	'o':  construct("OBJ"),
	'i':  instance,     // INST
	0x82: extension(1), // EXT1
	0x83: extension(2), // EXT2
	0x84: extension(4), // EXT4
}

func proto(m *machine) error {
	if m.ops != 1 {
		return damaged("its pickle begins twice")
	}
	_, err := m.number(1) // looked at before the start
	return err
}

func constant(v value) opcode {
	return func(m *machine) error { m.push(v); return nil }
}

func integer(bytes int, signed bool) opcode {
	return func(m *machine) error {
		n, err := m.number(bytes)
		if signed {
			m.push(int64(int32(n)))
		} else {
			m.push(int64(n))
		}
		return err
	}
}

// long is a whole number of any length, in two's complement. Beyond 64 bits it is no size of
// anything, and inert.
func long(bytes int) opcode {
	return func(m *machine) error {
		s, err := m.counted(bytes)
		switch {
		case err != nil:
			return err
		case len(s) > 8:
			m.push(inert{})
			return nil
		}
		n := uint64(0)
		for i := len(s) - 1; i >= 0; i-- {
			n = n<<8 | uint64(s[i])
		}
		shift := 64 - 8*len(s) // by 64 all is gone
		m.push(int64(n<<shift) >> shift)
		return nil
	}
}

// float is eight bytes, big-endian, alone among the numbers.
func float(m *machine) error {
	s, err := m.bytes(8)
	n := uint64(0)
	for i := range len(s) {
		n = n<<8 | uint64(s[i])
	}
	m.push(math.Float64frombits(n))
	return err
}

func text(length int) opcode {
	return func(m *machine) error {
		s, err := m.counted(length)
		if err != nil {
			return err
		}
		m.push(s)
		return checkText(s)
	}
}

// octets are bytes of Python: no names and no numbers of ours.
func octets(length int) opcode {
	return func(m *machine) error {
		_, err := m.counted(length)
		m.push(inert{})
		return err
	}
}

func tupleOf(n int) opcode {
	return func(m *machine) error {
		items, err := m.popN(n)
		if err != nil {
			return err
		}
		d, err := deepen(1, items...)
		m.push(tuple{items, d})
		return err
	}
}

func markedTuple(m *machine) error {
	items, err := m.toMark()
	if err != nil {
		return err
	}
	d, err := deepen(1, items...)
	m.push(tuple{append([]value(nil), items...), d})
	return err
}

func appendOne(m *machine) error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	return m.extend(v)
}

func appendMany(m *machine) error {
	items, err := m.toMark()
	if err != nil {
		return err
	}
	return m.extend(items...)
}

// extend adds to the list on top.
func (m *machine) extend(items ...value) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	switch l := v.(type) {
	case *list:
		l.items = append(l.items, items...)
		l.depth, err = deepen(max(l.depth, 1), items...)
		return err
	case inert: // a set that was made by name
		return nil
	}
	return damaged("its pickle appends to what is no list")
}

func setOne(m *machine) error {
	items, err := m.popN(2)
	if err != nil {
		return err
	}
	return m.set(items)
}

func setMany(m *machine) error {
	items, err := m.toMark()
	if err != nil {
		return err
	}
	return m.set(items)
}

// set gives the dict on top its keys and values, which alternate.
func (m *machine) set(items []value) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	d, ok := v.(*dict)
	if !ok || len(items)%2 != 0 { // CVE-2026-24747: SETITEM on something else
		return damaged("its pickle sets items of what is no dict")
	}
	for i := 0; i < len(items); i += 2 {
		d.pairs = append(d.pairs, pair{items[i], items[i+1]})
	}
	d.depth, err = deepen(max(d.depth, 1), items...)
	return err
}

// numbered reads a number of n bytes and hands it on.
func numbered(m *machine, n int, use func(uint64) error) error {
	i, err := m.number(n)
	if err != nil {
		return err
	}
	return use(i)
}

func named(m *machine) error {
	module, err := m.line()
	if err != nil {
		return err
	}
	name, err := m.line()
	if err != nil {
		return err
	}
	return m.global(qualified{module, name})
}

func stackNamed(m *machine) error {
	v, err := m.popN(2)
	if err != nil {
		return err
	}
	module, ok1 := v[0].(string)
	name, ok2 := v[1].(string)
	if !ok1 || !ok2 {
		return damaged("its pickle names something by what is no text")
	}
	return m.global(qualified{module, name})
}

// global pushes what stands on the list, and refuses all else.
func (m *machine) global(q qualified) error {
	if g := globals[q]; g != nil {
		m.push(g)
		return nil
	}
	if what := otherTensors[q]; what != "" {
		return refused("this checkpoint holds %s (`%v`), which is not read", what, q)
	}
	if m.wholeObject() {
		return refused("this checkpoint is a whole Python object (`%s`), which only its own code can read; refused", show(q.String())).
			WithHint("%s; or export the model as ONNX: torch.onnx.export(model, (input,), \"model.onnx\")", hintAgain)
	}
	return runsCode(q.String())
}

// wholeObject says whether the name just read is made into an empty object at once: the way of
// torch.save(model), which deserves other words than an attack. Both are refused.
func (m *machine) wholeObject() bool {
	rest := m.src[m.at:]
	for _, skip := range []struct {
		op   byte
		size int
	}{{'q', 2}, {'r', 5}, {0x94, 1}} {
		if len(rest) >= skip.size && rest[0] == skip.op {
			rest = rest[skip.size:]
			break
		}
	}
	return len(rest) >= 2 && rest[0] == ')' && rest[1] == 0x81
}

func reduce(m *machine) error {
	v, err := m.popN(2)
	if err != nil {
		return err
	}
	g, isGlobal := v[0].(*global)
	args, isTuple := v[1].(tuple)
	switch {
	case !isGlobal || !isTuple:
		return damaged("its pickle calls what has no name")
	case g.call == nil:
		return runsCode(g.String())
	}
	made, err := g.call(args.items)
	m.push(made)
	return err
}

// build sets attributes. Those of an OrderedDict (_metadata) and of inert things do not matter; of
// other things torch sets none.
func build(m *machine) error {
	if _, err := m.pop(); err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	switch v.(type) {
	case *dict, inert:
		return nil
	}
	return damaged("its pickle sets attributes of what has none")
}

// persistent is torch's way to a storage: ("storage", type, key, location, number of elements).
func persistent(m *machine) error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	id, ok := v.(tuple)
	if !ok || len(id.items) != 5 || id.items[0] != value("storage") {
		return damaged("its pickle refers to something else than a storage")
	}
	g, isGlobal := id.items[1].(*global)
	key, isText := id.items[2].(string)
	elements, isNumber := id.items[4].(int64)
	if !isGlobal || g.storage == nil || !isText || !isNumber || elements < 0 {
		return damaged("its pickle refers to a storage by something else than type, key and length")
	}
	s, err := m.storage(g, key, elements)
	m.push(s)
	return err
}

// construct refuses the opcodes that make objects of classes. The classes of our list are made by
// REDUCE, and others were refused when they were named.
func construct(op string) opcode {
	return func(m *machine) error {
		name := op
		for _, v := range m.stack[max(0, len(m.stack)-3):] {
			if g, ok := v.(*global); ok {
				name = op + " of " + g.String()
			}
		}
		return runsCode(name)
	}
}

func instance(m *machine) error {
	module, err := m.line()
	if err != nil {
		return err
	}
	name, err := m.line()
	if err != nil {
		return err
	}
	return runsCode(module + "." + name)
}

// extension is a name by number, in a table of Python's module copyreg.
func extension(bytes int) opcode {
	return func(m *machine) error {
		n, err := m.number(bytes)
		if err != nil {
			return err
		}
		return runsCode("copyreg extension " + strconv.FormatUint(n, 10))
	}
}
