package draft

import (
	"strings"

	"vizserver/internal/nn"
)

// layout makes the tree of blocks: every node a layer of its own.
func layout(n *Net, order []int, _ []nn.Shape) *block {
	root := &block{name: n.Name, kind: "net"}
	for _, i := range order {
		node := &n.Nodes[i]
		root.children = append(root.children, &block{name: node.label(), kind: strings.ToLower(node.Op.Kind()), nodes: []int{i}})
	}
	return root
}
