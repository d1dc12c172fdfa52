package world

// index finds the record that was honoured under a key. Sixteen meters with neighbouring numbers share a page for each
// dimension, hour and region: sellers send the usage of an hour, licence by licence in the order in which they were
// bought, so that a page soon is full, and a request of 25 records touches a few pages and no more. Full, it is 5 bytes a
// record, where an entry of a map of its own takes 25. Pages have no pointers for the garbage collector to follow.
type index struct {
	pages  map[slot]uint32 // by a slot's page, the page's number
	chunks []*[chunkPages]page
}

// page has each record's number plus one; 0 is none.
type page [1 << placeBits]uint32

const (
	placeBits  = 4
	chunkPages = 256
)

// slot is the key under which AWS honours one quantity: meter, dimension, hour and region, packed.
//
//	63        36 35     15 14  10 9      4 3     0
//	| meter / 16 | hour    | dim  | region | meter |
type slot uint64

const (
	regionBits = 6
	dimBits    = 5
	hourBits   = 21 // to the year 2209
)

func slotOf(subject uint32, hour int32, dim, region uint8) slot {
	at := slot(subject >> placeBits)
	at = at<<hourBits | slot(hour)&(1<<hourBits-1)
	at = at<<dimBits | slot(dim)
	at = at<<regionBits | slot(region)
	return at<<placeBits | slot(subject)&(1<<placeBits-1)
}

// find gives the number of k's record.
func (x *index) find(k slot) (n uint32, have bool) {
	at, have := x.pages[k>>placeBits]
	if !have {
		return 0, false
	}
	if n = *x.place(at, k); n == 0 {
		return 0, false
	}
	return n - 1, true
}

// set says that record number n is k's.
func (x *index) set(k slot, n uint32) {
	at, have := x.pages[k>>placeBits]
	if !have {
		at = uint32(len(x.pages))
		if x.pages == nil {
			x.pages = map[slot]uint32{}
		}
		x.pages[k>>placeBits] = at
		if at%chunkPages == 0 {
			x.chunks = append(x.chunks, new([chunkPages]page))
		}
	}
	*x.place(at, k) = n + 1
}

// place is where page number at has k's record.
func (x *index) place(at uint32, k slot) *uint32 {
	return &x.chunks[at/chunkPages][at%chunkPages][k&(1<<placeBits-1)]
}
