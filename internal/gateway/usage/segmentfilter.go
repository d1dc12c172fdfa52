package usage

import "souk.dev/souk/internal/gateway/core"

// A segment says of which licences its events are, so that a record's events are found without unpacking all segments of
// its hour: a Bloom filter of 12 bits a licence, which is right nearly always when it says "perhaps".
const (
	licenseBits   = 12 // a licence
	licenseProbes = 4  // bits that each sets
)

// licenseHash is FNV-1a, and mixed: the filters are kept, so it must never change.
func licenseHash(l core.LicenseID) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(l) {
		h = (h ^ uint64(l[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// licenseFilter makes the filter of the licences with these hashes.
func licenseFilter(hashes []uint64) []byte {
	f := make([]byte, (len(hashes)*licenseBits+63)/64*8)
	for _, h := range hashes {
		for i := range licenseProbes {
			bit := probe(h, i, len(f))
			f[bit/8] |= 1 << (bit % 8)
		}
	}
	return f
}

func probe(h uint64, i, size int) uint64 {
	a, b := uint64(uint32(h)), h>>32|1
	return (a + uint64(i)*b) % uint64(size*8)
}

// MayHave reports whether the segment may have events of the licence. Segments that say nothing may.
func (s Segment) MayHave(l core.LicenseID) bool {
	h := licenseHash(l)
	for i := range licenseProbes {
		if len(s.Licenses) == 0 {
			break
		}
		bit := probe(h, i, len(s.Licenses))
		if s.Licenses[bit/8]&(1<<(bit%8)) == 0 {
			return false
		}
	}
	return true
}
