package onnx

// connect checks that each value has one source and each reader finds its value, and brings the
// nodes into an order in which they can be computed; the file's own where it is one.
func connect(m *model) error {
	source := map[string]int{} // the node that computes a value, or −1
	for _, in := range m.inputs {
		source[in.name] = -1
	}
	for name := range m.init {
		source[name] = -1
	}
	for i, n := range m.nodes {
		for _, name := range n.outputs {
			if name == "" {
				continue
			}
			if from, twice := source[name]; twice {
				other := "an input or initializer has that name too"
				if from >= 0 {
					other = m.nodes[from].String() + " gives it too"
				}
				return damaged("%s gives the value %s, and %s", n, show(name), other)
			}
			source[name] = i
		}
	}
	sorted := true
	for i, n := range m.nodes {
		for _, name := range n.inputs {
			from, ok := source[name]
			if name != "" && !ok {
				return damaged("%s reads the value %s, which nothing gives", n, show(name))
			}
			sorted = sorted && (name == "" || from < i)
		}
	}
	for _, o := range m.outputs {
		if _, ok := source[o.name]; !ok {
			return damaged("the output %s of the graph is a value that nothing gives", show(o.name))
		}
	}
	if sorted {
		return nil
	}
	return m.sort(source)
}

// sort orders the nodes so that each stands behind those that it reads (Kahn); what remains lies on
// a cycle or behind one.
func (m *model) sort(source map[string]int) error {
	readers := make([][]int, len(m.nodes))
	open := make([]int, len(m.nodes)) // inputs that are not there yet
	for i, n := range m.nodes {
		for _, name := range n.inputs {
			if from, ok := source[name]; ok && name != "" && from >= 0 {
				readers[from] = append(readers[from], i)
				open[i]++
			}
		}
	}
	var ready []int
	for i := range m.nodes {
		if open[i] == 0 {
			ready = append(ready, i)
		}
	}
	nodes := make([]*node, 0, len(m.nodes))
	for ; len(ready) > 0; ready = ready[1:] {
		nodes = append(nodes, m.nodes[ready[0]])
		for _, r := range readers[ready[0]] {
			if open[r]--; open[r] == 0 {
				ready = append(ready, r)
			}
		}
	}
	if len(nodes) < len(m.nodes) {
		var stuck []string
		for i, n := range m.nodes {
			if open[i] > 0 {
				stuck = append(stuck, n.String())
			}
		}
		return damaged("the graph has a cycle: these nodes wait for each other: %s", listed(stuck))
	}
	m.nodes = nodes
	return nil
}
