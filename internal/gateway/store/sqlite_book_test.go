package store_test

import (
	"testing"

	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/webhook"
)

func TestLicensesOnSQLite(t *testing.T) {
	storetest.Licenses(t, func(t *testing.T) license.Store { return openSQLite(t).Licenses() })
}

func TestNoticesOnSQLite(t *testing.T) {
	storetest.Notices(t, func(t *testing.T) (intake.Store, license.Store) {
		db := openSQLite(t)
		return db.Notices(), db.Licenses()
	})
}

func TestKeysOnSQLite(t *testing.T) {
	storetest.Keys(t, func(t *testing.T) keys.Store { return openSQLite(t).Keys() })
}

func TestAnswersOnSQLite(t *testing.T) {
	storetest.Answers(t, func(t *testing.T) api.AnswerStore { return openSQLite(t).Answers() })
}

func TestEntitlementsOnSQLite(t *testing.T) {
	storetest.Entitlements(t, func(t *testing.T) (entitlement.Store, intake.Store, license.Store) {
		db := openSQLite(t)
		return db.Entitlements(), db.Notices(), db.Licenses()
	})
}

func TestOutboxOnSQLite(t *testing.T) {
	storetest.Outbox(t, func(t *testing.T) storetest.OutboxStores {
		db := openSQLite(t)
		return storetest.OutboxStores{Outbox: db.Outbox(), Licenses: db.Licenses(), Accounts: db.Accounts(), Registrations: db.Registrations(), Entitlements: db.Entitlements(), Corrections: db.Corrections()}
	})
}

func TestWebhooksOnSQLite(t *testing.T) {
	storetest.Webhooks(t, func(t *testing.T) webhook.Store { return openSQLite(t).Webhooks() })
}

func TestCorrectionsOnSQLite(t *testing.T) {
	storetest.Corrections(t, func(t *testing.T) correction.Store { return openSQLite(t).Corrections() })
}
