package pth

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"vizserver/internal/fault"
)

// Limits of a pickle. A checkpoint of ResNet-152 takes 45,000 opcodes, a depth of 5 and a stack of
// 2,000 values (pickle writes lists and dicts in parts of 1,000).
const (
	maxOps   = 1_000_000
	maxDepth = 64
	maxStack = 100_000
)

// value is what a pickle can make here: nil (None), bool, int64, float64, string, tuple, *list,
// *dict, *global, *storage, *tensor, inert.
type value any

type tuple struct {
	items []value
	depth int
}

type list struct {
	items []value
	depth int
}

type dict struct {
	pairs []pair
	depth int
}

type pair struct{ key, val value }

// depth is the number of containers within one another.
func depth(v value) int {
	switch v := v.(type) {
	case tuple:
		return v.depth
	case *list:
		return v.depth
	case *dict:
		return v.depth
	}
	return 0
}

// machine is the stack machine of pickle, less all that runs code. Python: Lib/pickle.py, class
// _Unpickler; opcodes: Lib/pickletools.py.
type machine struct {
	src   string
	at    int // of the next byte
	stack []value
	marks []int // heights of the stack
	memo  []value
	ops   int
	// storage answers a persistent id.
	storage func(g *global, key string, elements int64) (*storage, error)
	done    bool
}

// unpickle runs a pickle and returns what it leaves.
func unpickle(src string, open func(g *global, key string, elements int64) (*storage, error)) (value, error) {
	m := &machine{src: src, storage: open}
	if len(src) < 2 || src[0] != 0x80 || src[1] < 2 || src[1] > 5 {
		return nil, damaged("its pickle is not of protocol 2 to 5")
	}
	for !m.done {
		at := m.at
		b, err := m.bytes(1)
		if err != nil {
			return nil, err
		}
		if m.ops++; m.ops > maxOps {
			return nil, refused("the pickle of this checkpoint has more than %d opcodes", maxOps)
		}
		op := opcodes[b[0]]
		if op == nil {
			return nil, refused("the pickle of this checkpoint has the opcode 0x%02x at byte %d, which torch.save does not write", b[0], at)
		}
		if err := op(m); err != nil {
			return nil, located(err, at)
		}
		if len(m.stack) > maxStack || len(m.marks) > maxDepth {
			return nil, refused("the pickle of this checkpoint holds %d values and %d levels open at byte %d; at most %d and %d are read",
				len(m.stack), len(m.marks), at, maxStack, maxDepth)
		}
	}
	if m.at != len(src) || len(m.stack) != 1 || len(m.marks) != 0 {
		return nil, damaged("its pickle ends at byte %d of %d and leaves %d values", m.at, len(src), len(m.stack))
	}
	return m.stack[0], nil
}

// located adds the place to the cause of an error, which the log shows.
func located(err error, at int) error {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		e.Err = errors.Join(fmt.Errorf("at byte %d of data.pkl", at), e.Err)
	}
	return err
}

// bytes takes n bytes from the source.
func (m *machine) bytes(n uint64) (string, error) {
	if n > uint64(len(m.src)-m.at) {
		return "", damaged("its pickle ends at byte %d, %d bytes too early", len(m.src), n-uint64(len(m.src)-m.at))
	}
	s := m.src[m.at : m.at+int(n)]
	m.at += int(n)
	return s, nil
}

// number takes an unsigned little-endian number of n bytes.
func (m *machine) number(n int) (uint64, error) {
	s, err := m.bytes(uint64(n))
	x := uint64(0)
	for i := len(s) - 1; i >= 0; i-- {
		x = x<<8 | uint64(s[i])
	}
	return x, err
}

// counted takes a number of n bytes and as many bytes as it says.
func (m *machine) counted(n int) (string, error) {
	size, err := m.number(n)
	if err != nil {
		return "", err
	}
	return m.bytes(size)
}

// line takes the bytes up to a line break.
func (m *machine) line() (string, error) {
	const longest = 1000
	for i := m.at; i < len(m.src) && i < m.at+longest; i++ {
		if m.src[i] == '\n' {
			s := m.src[m.at:i]
			m.at = i + 1
			return s, checkText(s)
		}
	}
	return "", damaged("a name in its pickle has no end")
}

func checkText(s string) error {
	if !utf8.ValidString(s) {
		return damaged("a text in its pickle is not UTF-8")
	}
	return nil
}

func (m *machine) push(v value) { m.stack = append(m.stack, v) }

// pop takes the top value, which must lie above the last mark.
func (m *machine) pop() (value, error) {
	floor := 0
	if len(m.marks) > 0 {
		floor = m.marks[len(m.marks)-1]
	}
	if len(m.stack) <= floor {
		return nil, damaged("its pickle takes a value from an empty stack")
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

// popN takes the n top values, the lowest first, in new memory.
func (m *machine) popN(n int) ([]value, error) {
	out := make([]value, n)
	for i := n - 1; i >= 0; i-- {
		v, err := m.pop()
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// toMark takes the values above the last mark, and the mark. They are valid until the next push.
func (m *machine) toMark() ([]value, error) {
	if len(m.marks) == 0 {
		return nil, damaged("its pickle looks for a mark that was not set")
	}
	from := m.marks[len(m.marks)-1]
	m.marks = m.marks[:len(m.marks)-1]
	items := m.stack[from:]
	m.stack = m.stack[:from]
	return items, nil
}

// top is the highest value, which stays.
func (m *machine) top() (value, error) {
	v, err := m.pop()
	if err == nil {
		m.push(v)
	}
	return v, err
}

// put remembers the top value.
func (m *machine) put(i uint64) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	if i > maxOps {
		return damaged("its pickle remembers a value as number %d; at most %d are read", i, maxOps)
	}
	for uint64(len(m.memo)) <= i {
		m.memo = append(m.memo, nil)
	}
	m.memo[i] = v
	return nil
}

// get brings back what put kept.
func (m *machine) get(i uint64) error {
	if i >= uint64(len(m.memo)) {
		return damaged("its pickle asks for remembered value %d of %d", i, len(m.memo))
	}
	m.push(m.memo[i])
	return nil
}

// deepen is the depth of a container at d that takes in v.
func deepen(d int, items ...value) (int, error) {
	for _, v := range items {
		d = max(d, depth(v)+1)
	}
	if d > maxDepth {
		return d, refused("the values of this checkpoint lie more than %d levels within one another", maxDepth)
	}
	return d, nil
}
