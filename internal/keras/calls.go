package keras

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ref names a tensor: output number tensor of call number call of a layer.
type ref struct {
	layer        string
	call, tensor int
}

// call is one use of a layer: what it is given, in order.
type call struct {
	refs []ref
	args []arg // all positional arguments, tensors among them; Keras 3's operators have numbers too
	two  bool  // written as Keras 2 does, which numbers the calls of nested models from 1
}

// arg is a positional argument: a tensor, or a number.
type arg struct {
	tensor bool
	number float64
}

// parseCalls reads inbound_nodes, a list with one entry for each call of the layer.
func parseCalls(v jsontext.Value) ([]call, error) {
	if len(v) == 0 || v.Kind() == 'n' {
		return nil, nil
	}
	var nodes []jsontext.Value
	if err := json.Unmarshal(v, &nodes); err != nil {
		return nil, badJSON(err)
	}
	calls := make([]call, 0, len(nodes))
	for _, node := range nodes {
		c, err := parseCall(node)
		if err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	return calls, nil
}

// parseCall reads one entry: {"args", "kwargs"} of Keras 3, or [[layer, call, tensor, {…}], …].
func parseCall(v jsontext.Value) (call, error) {
	if v.Kind() == '{' {
		var node struct {
			Args   []jsontext.Value          `json:"args"`
			Kwargs map[string]jsontext.Value `json:"kwargs"`
		}
		if err := json.Unmarshal(v, &node); err != nil {
			return call{}, badJSON(err)
		}
		var c call
		for _, a := range node.Args {
			if err := c.collect(a, 0); err != nil {
				return call{}, err
			}
		}
		for name, a := range node.Kwargs {
			if k := a.Kind(); k == '{' || k == '[' {
				return call{}, broken("its call has the argument %s, which is not supported", show(name))
			}
		}
		return c, nil
	}
	refs, err := parseRefs(v)
	return call{refs: refs, two: true}, err
}

// collect adds the tensors and numbers of an argument of Keras 3: a tensor, a number, or a list.
func (c *call) collect(v jsontext.Value, depth int) error {
	switch byte(v.Kind()) { // a value begins with one of seven bytes
	case '[':
		var list []jsontext.Value
		if err := json.Unmarshal(v, &list); err != nil || depth > 1 {
			return broken("its call has lists in lists")
		}
		for _, e := range list {
			if err := c.collect(e, depth+1); err != nil {
				return err
			}
		}
	case '0':
		var f float64
		if err := json.Unmarshal(v, &f); err != nil {
			return badJSON(err)
		}
		c.args = append(c.args, arg{number: f})
	case '{':
		var t struct {
			Class  string `json:"class_name"`
			Config struct {
				History jsontext.Value `json:"keras_history"`
			} `json:"config"`
		}
		if err := json.Unmarshal(v, &t); err != nil {
			return badJSON(err)
		}
		if t.Class != "__keras_tensor__" {
			return broken("its call has an argument of the class %s", show(t.Class))
		}
		r, err := parseRef(t.Config.History)
		if err != nil {
			return err
		}
		c.refs = append(c.refs, r)
		c.args = append(c.args, arg{tensor: true})
	case 'n', 't', 'f', '"': // null, a flag or a word: no tensor
	}
	return nil
}

// parseRefs reads a list of tensors, or, as Keras 3 writes an only one, a bare tensor.
func parseRefs(v jsontext.Value) ([]ref, error) {
	if len(v) == 0 || v.Kind() != '[' {
		return nil, broken("the graph of the model is not written as Keras does")
	}
	var list []jsontext.Value
	if err := json.Unmarshal(v, &list); err != nil {
		return nil, badJSON(err)
	}
	if len(list) > 0 && list[0].Kind() == '"' {
		r, err := parseRef(v)
		return []ref{r}, err
	}
	refs := make([]ref, 0, len(list))
	for _, e := range list {
		r, err := parseRef(e)
		if err != nil {
			return nil, err
		}
		refs = append(refs, r)
	}
	return refs, nil
}

// parseRef reads [layer, call, tensor], with which Keras 2 writes a fourth entry, the call's arguments.
func parseRef(v jsontext.Value) (ref, error) {
	var parts []jsontext.Value
	var r ref
	wrong := broken("the graph of the model is not written as Keras does: a tensor is [layer, call, number]")
	if len(v) == 0 || json.Unmarshal(v, &parts) != nil || len(parts) < 3 || len(parts) > 4 {
		return r, wrong
	}
	if json.Unmarshal(parts[0], &r.layer) != nil || json.Unmarshal(parts[1], &r.call) != nil || json.Unmarshal(parts[2], &r.tensor) != nil {
		return r, wrong
	}
	if r.call < 0 || r.tensor < 0 {
		return r, wrong
	}
	return r, nil
}
