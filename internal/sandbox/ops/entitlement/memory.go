package entitlement

import (
	"sync"

	"souk.dev/souk/internal/sandbox/world"
)

// memory knows how questions were answered before, for the fault that answers so again. It forgets everything when it
// has become large: then stale answers are empty, as those to a question that was never asked. The zero memory is empty.
type memory struct {
	mu      sync.Mutex
	answers map[[8]byte][]world.Entitlement
}

// maxMemory is how many questions a memory keeps.
const maxMemory = 4096

func (m *memory) keep(question [8]byte, all []world.Entitlement) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.answers == nil || len(m.answers) >= maxMemory {
		m.answers = map[[8]byte][]world.Entitlement{}
	}
	m.answers[question] = all
}

func (m *memory) recall(question [8]byte) []world.Entitlement {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answers[question]
}
