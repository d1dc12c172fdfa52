package world

// shelf keeps things of one kind under their identifiers, and in the order in which they were made.
type shelf[T any] struct {
	byID  map[string]*T
	order []*T
}

func (s *shelf[T]) put(id string, t *T) *T {
	if s.byID == nil {
		s.byID = map[string]*T{}
	}
	s.byID[id] = t
	s.order = append(s.order, t)
	return t
}

// list copies those that keep wants.
func (s *shelf[T]) list(keep func(*T) bool, copied func(*T) T) []T {
	all := []T{}
	for _, t := range s.order {
		if keep(t) {
			all = append(all, copied(t))
		}
	}
	return all
}

// newest copies at most limit of those that keep wants, the newest first, from the one at position before on (0: from the
// newest). next is the before of the next page; 0 on the last.
func newest[T, C any](order []*T, before, limit int, keep func(*T) bool, copied func(*T) C) (page []C, next int) {
	if before <= 0 || before > len(order) {
		before = len(order)
	}
	for i := before - 1; i >= 0; i-- {
		if !keep(order[i]) {
			continue
		}
		if len(page) == limit {
			return page, i + 1
		}
		page = append(page, copied(order[i]))
	}
	return page, 0
}

// clone is a copy of something that has nothing in it which a copy would share.
func clone[T any](t *T) T { return *t }

// wanted reports whether a query that wants want is content with have.
func wanted[T comparable](want T, have T) bool {
	var nothing T
	return want == nothing || want == have
}
