package store

import (
	"context"
	"fmt"

	"souk.dev/souk/internal/gateway/metering"
)

// recordCount is what a transaction adds to the numbers of records that are kept: in each final state, and of all.
type recordCount map[metering.State]int64

const allRecords metering.State = "all"

// settled counts a record that came into a state. The others, which it leaves again, are few enough to be counted.
func (c recordCount) settled(s metering.State) {
	switch s {
	case metering.Honoured, metering.Carried, metering.Unbillable:
		c[s]++
	}
}

func (p *prepared) putCount(c recordCount) error {
	for state, n := range c {
		_, err := p.exec(`insert into metering_count (part, state, records) values ($1, $2, $3)
			on conflict (part, state) do update set records = metering_count.records + excluded.records`, p.part, state, n)
		if err != nil {
			return fmt.Errorf("count records: %w", err)
		}
	}
	return nil
}

// RecordsByState counts metering records without reading those that are settled.
func (s Metering) RecordsByState(ctx context.Context) (map[string]int64, error) {
	n := map[string]int64{}
	err := each(ctx, s.db.Read(), `select state, records from metering_count where part = $1
		union all select 'sending', count(*) from metering_record where part = $1 and state = 'sending'
		union all select 'parked', count(*) from metering_record where part = $1 and state = 'parked'`, func(scan func(...any) error) error {
		var state string
		var count int64
		err := scan(&state, &count)
		n[state] = count
		return err
	}, s.part)
	if err != nil {
		return nil, err
	}
	waiting := n[string(allRecords)]
	delete(n, string(allRecords))
	for _, count := range n {
		waiting -= count
	}
	n[string(metering.Waiting)] = waiting
	return n, nil
}
