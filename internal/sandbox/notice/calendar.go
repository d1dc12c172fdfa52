package notice

import "container/heap"

// attempt is one that waits for its time.
type attempt struct {
	Planned
	del   *Delivery
	n     int // in del.Attempts
	seq   int64
	index int // in the calendar; -1 when it is not in it
}

// calendar is a heap of attempts, the earliest first, and those of one instant in the order of the notices.
type calendar []*attempt

func (c *calendar) add(a *attempt) {
	a.seq = a.del.seq
	heap.Push(c, a)
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (c calendar) Len() int { return len(c) }
func (c calendar) Less(i, j int) bool {
	if !c[i].At.Equal(c[j].At) {
		return c[i].At.Before(c[j].At)
	}
	return c[i].seq < c[j].seq
}
func (c calendar) Swap(i, j int) {
	c[i], c[j] = c[j], c[i]
	c[i].index, c[j].index = i, j
}
func (c *calendar) Push(x any) {
	a := x.(*attempt)
	a.index = len(*c)
	*c = append(*c, a)
}
func (c *calendar) Pop() any {
	last := len(*c) - 1
	a := (*c)[last]
	(*c)[last] = nil
	*c = (*c)[:last]
	a.index = -1
	return a
}
