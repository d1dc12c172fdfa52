package store_test

import (
	"testing"

	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
)

func TestSQLiteUsage(t *testing.T) {
	storetest.Usage(t, func(t *testing.T) usage.Store { return store.NewUsage(openSQLite(t)) })
}

func TestSQLiteMetering(t *testing.T) {
	storetest.Metering(t, func(t *testing.T) metering.Store { return store.NewMetering(openSQLite(t)) })
}

func TestUnsettledOnSQLite(t *testing.T) {
	storetest.Unsettled(t, func(t *testing.T) (usage.Store, metering.Store, correction.Store) {
		db := openSQLite(t)
		return store.NewUsage(db), store.NewMetering(db), db.Corrections()
	})
}
