// Package draft holds a net that was read from a file, before it is a graph: flat nodes
// in the file's words and order. Build puts them in order, drops what the answer does not
// need, recognises the blocks that a viewer knows, and makes graph and weights. It knows
// no file format.
package draft

import (
	"fmt"
	"strings"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// Node computes one value.
type Node struct {
	Name   string     // the file's name of the value; unique
	Label  string     // path of the module for the viewer, "layer1.0.conv1"; empty: Name
	Op     nn.Op      // shapes are inferred by Build
	Inputs []string   // names of nodes, or of the net's input
	Params []nn.Param // in the order of Op.Params; Build names them Name + "." + spec.Name
}

// Net is a net as its file tells it.
type Net struct {
	Name   string
	Input  string      // name of the input value
	Shape  nn.Shape    // of the input, N×C×H×W
	Nodes  []Node      // in any order
	Output string      // name of the value that is the answer
	Image  nn.ImagePre // how the file says that photos are prepared; zero: it does not
}

// Limits on nets from files, far above the nets of the history
// (ResNet-152: 516 nodes, 11.5 G multiply-adds, 0.4 GB of values).
const (
	maxNodes  = 20_000
	maxMACs   = 10_000_000_000_000
	maxValues = 8 << 30 // bytes of all activations together
	maxShown  = 200     // runes of a name in a message
)

// Error says what is wrong with the structure of a net.
type Error struct {
	Text  string
	Nodes []string // those concerned
	kind  fault.Kind
}

func (e *Error) Error() string {
	if len(e.Nodes) == 0 {
		return e.Text
	}
	const most = 10
	names := make([]string, 0, most)
	for _, n := range e.Nodes[:min(len(e.Nodes), most)] {
		names = append(names, fmt.Sprintf("%q", cut(n)))
	}
	text := e.Text + ": " + strings.Join(names, ", ")
	if more := len(e.Nodes) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Kind says what the caller can do about it.
func (e *Error) Kind() fault.Kind { return e.kind }

func bad(text string, nodes ...string) error {
	return &Error{Text: text, Nodes: nodes, kind: fault.Unprocessable}
}

func tooLarge(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...), kind: fault.TooLarge}
}

// cut shortens a name for a message.
func cut(s string) string {
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return s
}

// label is what the viewer calls the node.
func (n *Node) label() string {
	if n.Label != "" {
		return n.Label
	}
	return n.Name
}

// order returns the indices of the nodes that the output needs, each behind its inputs,
// otherwise as the file has them.
func (n *Net) order() ([]int, error) {
	byName, err := n.index()
	if err != nil {
		return nil, err
	}
	end, ok := byName[n.Output]
	if !ok {
		return nil, bad("no node computes the output", n.Output)
	}
	if err := n.checkEdges(byName); err != nil {
		return nil, err
	}
	needed := n.ancestors(end, byName)
	return n.sort(needed, byName)
}

// index maps names to nodes.
func (n *Net) index() (map[string]int, error) {
	if len(n.Nodes) > maxNodes {
		return nil, tooLarge("the net has %d nodes, at most %d can be read", len(n.Nodes), maxNodes)
	}
	byName := make(map[string]int, len(n.Nodes))
	var twice []string
	for i := range n.Nodes {
		name := n.Nodes[i].Name
		if _, ok := byName[name]; ok || name == n.Input {
			twice = append(twice, name)
		}
		byName[name] = i
	}
	if len(twice) > 0 {
		return nil, bad("more than one node computes the same value", twice...)
	}
	return byName, nil
}

func (n *Net) checkEdges(byName map[string]int) error {
	var missing []string
	for i := range n.Nodes {
		for _, in := range n.Nodes[i].Inputs {
			if _, ok := byName[in]; !ok && in != n.Input {
				missing = append(missing, fmt.Sprintf("%s, read by %s", in, n.Nodes[i].Name))
			}
		}
	}
	if len(missing) > 0 {
		return bad("values that nothing computes", missing...)
	}
	return nil
}

// ancestors marks the node and all that it depends on.
func (n *Net) ancestors(end int, byName map[string]int) []bool {
	needed := make([]bool, len(n.Nodes))
	needed[end] = true
	for stack := []int{end}; len(stack) > 0; {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, in := range n.Nodes[i].Inputs {
			if k, ok := byName[in]; ok && !needed[k] {
				needed[k] = true
				stack = append(stack, k)
			}
		}
	}
	return needed
}

// sort is Kahn's algorithm; of the nodes that could come next it takes the file's first.
func (n *Net) sort(needed []bool, byName map[string]int) ([]int, error) {
	waits := make([]int, len(n.Nodes)) // inputs that are not there yet
	readers := make([][]int, len(n.Nodes))
	var ready heap
	count := 0
	for i := range n.Nodes {
		if !needed[i] {
			continue
		}
		count++
		for _, in := range n.Nodes[i].Inputs {
			if k, ok := byName[in]; ok {
				waits[i]++
				readers[k] = append(readers[k], i)
			}
		}
		if waits[i] == 0 {
			ready.push(i)
		}
	}
	order := make([]int, 0, count)
	for len(ready) > 0 {
		i := ready.pop()
		order = append(order, i)
		for _, k := range readers[i] {
			if waits[k]--; waits[k] == 0 {
				ready.push(k)
			}
		}
	}
	if len(order) == count {
		return order, nil
	}
	var ring []string
	for i := range n.Nodes {
		if needed[i] && waits[i] > 0 {
			ring = append(ring, n.Nodes[i].Name)
		}
	}
	return nil, bad("the graph has a cycle; these nodes wait for each other", ring...)
}
