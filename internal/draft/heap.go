package draft

import stdheap "container/heap"

// heap gives the smallest index first.
type heap []int

// Len, Less, Swap, Push and Pop implement container/heap.
func (h heap) Len() int           { return len(h) }
func (h heap) Less(i, j int) bool { return h[i] < h[j] }
func (h heap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements container/heap.
func (h *heap) Push(x any) { *h = append(*h, x.(int)) }

// Pop implements container/heap.
func (h *heap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func (h *heap) push(i int) { stdheap.Push(h, i) }
func (h *heap) pop() int   { return stdheap.Pop(h).(int) }
