package keras

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"vizserver/internal/nn/op"
)

// The getters of a layer's config take a value of the expected kind, else the default; those of
// ctx note what is wrong as the call's error, the first of them is told.

// str returns a word.
func (l *layer) str(name, def string) string {
	var s string
	if v := l.config[name]; len(v) == 0 || v.Kind() != '"' || json.Unmarshal(v, &s) != nil {
		return def
	}
	return s
}

// ints returns a list of whole numbers, 0 for null; nil where there is none.
func (l *layer) ints(name string) []int {
	var list []*int
	v := l.config[name]
	if len(v) == 0 || v.Kind() != '[' || json.Unmarshal(v, &list) != nil || len(list) > 16 {
		return nil
	}
	out := make([]int, len(list))
	for i, p := range list {
		if p != nil {
			out[i] = *p
		}
	}
	return out
}

// has says whether an attribute is there and not null.
func (l *layer) has(name string) bool {
	v := l.config[name]
	return len(v) > 0 && v.Kind() != 'n'
}

// fail notes the first error of the call.
func (c *ctx) fail(format string, args ...any) {
	if c.err == nil {
		c.err = c.layer.fail(format, args...)
	}
}

// get unmarshals an attribute that is there.
func (c *ctx) get(name string, into any, want string) {
	v := c.config[name]
	if err := json.Unmarshal(v, into); err != nil {
		c.fail("%s is %.40s, and must be %s", name, v, want)
	}
}

func (c *ctx) bool(name string, def bool) bool {
	if c.has(name) {
		c.get(name, &def, "true or false")
	}
	return def
}

func (c *ctx) float(name string, def float64) float64 {
	if c.has(name) {
		c.get(name, &def, "a number")
	}
	return def
}

// int returns a whole number that sizes can be computed from without overflow.
func (c *ctx) int(name string, def int) int {
	if c.has(name) {
		c.get(name, &def, "a whole number")
	}
	return c.bound(name, def)
}

func (c *ctx) bound(name string, n int) int {
	if n < -maxAttr || n > maxAttr {
		c.fail("%s is %d, which is out of range", name, n)
		return 1
	}
	return n
}

// pair returns (rows, columns), written as a list of two or as one number for both.
func (c *ctx) pair(name string, def op.Size) op.Size {
	if !c.has(name) {
		return def
	}
	if c.config[name].Kind() == '0' {
		return op.Square(c.int(name, 0))
	}
	var list []int
	c.get(name, &list, "a pair of whole numbers")
	if len(list) != 2 {
		c.fail("%s has %d numbers, and must have 2", name, len(list))
		return def
	}
	return op.Size{H: c.bound(name, list[0]), W: c.bound(name, list[1])}
}

// edges returns top, bottom, left and right, written as ((t, b), (l, r)), (rows, columns) or one number.
func (c *ctx) edges(name string) (top, bottom, left, right int) {
	v := c.config[name]
	var four [][]int
	if len(v) > 0 && v.Kind() == '[' && json.Unmarshal(v, &four) == nil {
		if len(four) != 2 || len(four[0]) != 2 || len(four[1]) != 2 {
			c.fail("%s must be ((top, bottom), (left, right))", name)
			return 0, 0, 0, 0
		}
		return c.bound(name, four[0][0]), c.bound(name, four[0][1]), c.bound(name, four[1][0]), c.bound(name, four[1][1])
	}
	p := c.pair(name, op.Square(1))
	return p.H, p.H, p.W, p.W
}

// floats returns a list of numbers, flattened, written as a list (of lists) or as one number.
func (c *ctx) floats(name string) []float64 {
	if !c.has(name) {
		return nil
	}
	var out []float64
	c.flatten(name, c.config[name], 0, &out)
	return out
}

func (c *ctx) flatten(name string, v jsontext.Value, depth int, out *[]float64) {
	if v.Kind() == '[' && depth < 5 {
		var list []jsontext.Value
		if err := json.Unmarshal(v, &list); err != nil {
			c.fail("%s is no list", name)
		}
		for _, e := range list {
			c.flatten(name, e, depth+1, out)
		}
		return
	}
	var f float64
	if err := json.Unmarshal(v, &f); err != nil {
		c.fail("%s holds %.40s, which is no number", name, v)
	}
	*out = append(*out, f)
}
