package store

import "context"

// RecordsByState counts metering records.
func (s Metering) RecordsByState(ctx context.Context) (map[string]int64, error) {
	n := map[string]int64{}
	err := each(ctx, s.db.read, `select state, count(*) from metering_record group by state`, func(scan func(...any) error) error {
		var state string
		var count int64
		err := scan(&state, &count)
		n[state] = count
		return err
	})
	return n, err
}
