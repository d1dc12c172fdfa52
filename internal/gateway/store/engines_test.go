package store_test

import (
	"os"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/signon"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/gateway/webhook"
	"souk.dev/souk/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// onBoth runs f with each engine; open gives a new database with the present schema.
func onBoth(t *testing.T, f func(t *testing.T, open func(t *testing.T) *store.DB)) {
	t.Run("SQLite", func(t *testing.T) { f(t, openSQLite) })
	t.Run("PostgreSQL", func(t *testing.T) {
		storetest.Postgres(t) // skips all of it where there is none
		f(t, openPostgres)
	})
}

// openSQLite opens a new SQLite database with the present schema.
func openSQLite(t *testing.T) *store.DB {
	t.Helper()
	return underVault(t, storetest.Open(t))
}

func openPostgres(t *testing.T) *store.DB {
	t.Helper()
	return underVault(t, storetest.OpenURL(t, storetest.Postgres(t)))
}

func TestAccounts(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Accounts(t, func(t *testing.T) account.Store { return open(t).Accounts() })
	})
}

func TestRegistrations(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Registrations(t, func(t *testing.T) (storetest.RegistrationStore, account.Store) {
			db := open(t)
			return db.Registrations(), db.Accounts()
		})
	})
}

func TestSettings(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Settings(t, func(t *testing.T) seal.Settings { return open(t).Settings() })
	})
}

func TestLicenses(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Licenses(t, func(t *testing.T) license.Store { return open(t).Licenses() })
	})
}

func TestNotices(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Notices(t, func(t *testing.T) (intake.Store, license.Store) {
			db := open(t)
			return db.Notices(), db.Licenses()
		})
	})
}

func TestKeys(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Keys(t, func(t *testing.T) keys.Store { return open(t).Keys() })
	})
}

func TestAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Answers(t, func(t *testing.T) api.AnswerStore { return open(t).Answers() })
	})
}

func TestEntitlements(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Entitlements(t, func(t *testing.T) (entitlement.Store, intake.Store, license.Store) {
			db := open(t)
			return db.Entitlements(), db.Notices(), db.Licenses()
		})
	})
}

func TestOutbox(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Outbox(t, func(t *testing.T) storetest.OutboxStores {
			return outboxStores(open(t))
		})
	})
}

func outboxStores(db *store.DB) storetest.OutboxStores {
	return storetest.OutboxStores{Outbox: db.Outbox(), Licenses: db.Licenses(), Accounts: db.Accounts(), Registrations: db.Registrations(), Entitlements: db.Entitlements(), Corrections: db.Corrections(), Thresholds: db.Thresholds(), Agreements: db.Agreements()}
}

func TestWebhooks(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Webhooks(t, func(t *testing.T) webhook.Store { return open(t).Webhooks() })
	})
}

func TestPayments(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Payments(t, func(t *testing.T) payment.Store { return open(t).Payments() })
	})
}

func TestCancellations(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Cancellations(t, func(t *testing.T) cancellation.Store { return open(t).Cancellations() })
	})
}

func TestCorrections(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Corrections(t, func(t *testing.T) correction.Store { return open(t).Corrections() })
	})
}

func TestAgreements(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Agreements(t, func(t *testing.T) (agreement.Store, license.Store) {
			db := open(t)
			return db.Agreements(), db.Licenses()
		})
	})
}

func TestUsage(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Usage(t, func(t *testing.T) usage.Store { return store.NewUsage(open(t)) })
	})
}

func TestMetering(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Metering(t, func(t *testing.T) metering.Store { return store.NewMetering(open(t)) })
	})
}

func TestUnsettled(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Unsettled(t, func(t *testing.T) (usage.Store, metering.Store, correction.Store) {
			db := open(t)
			return store.NewUsage(db), store.NewMetering(db), db.Corrections()
		})
	})
}

func TestAlerts(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Alerts(t, func(t *testing.T) storetest.AlertStores {
			db := open(t)
			return storetest.AlertStores{Alerts: db.Alerts(), Outbox: db.Outbox(), Licenses: db.Licenses(), Notices: db.Notices(), Metering: store.NewMetering(db), Entitlements: db.Entitlements()}
		})
	})
}

func TestThresholds(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Thresholds(t, func(t *testing.T) (threshold.Store, outbox.Store) {
			db := open(t)
			return db.Thresholds(), db.Outbox()
		})
	})
}

func TestSignOns(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.SignOns(t, func(t *testing.T) (signon.Store, account.Store) {
			db := open(t)
			return db.SignOns(), db.Accounts()
		})
	})
}

func TestSearch(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		storetest.Search(t, func(t *testing.T) storetest.SearchStores {
			db := open(t)
			return storetest.SearchStores{Search: db.Search(), Metering: store.NewMetering(db), Notices: db.Notices(), Outbox: db.Outbox(), Licenses: db.Licenses(), Corrections: db.Corrections(), Cancellations: db.Cancellations(), Payments: db.Payments(),
				Agreements: db.Agreements(), Accounts: db.Accounts(), Registrations: db.Registrations(), Keys: db.Keys(), Operators: db.Operators()}
		})
	})
}

// Books that were brought back say so from then on.
func TestBooksThatWereBroughtBack(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		db := open(t)
		ledger := store.NewMetering(db)
		if at, err := ledger.Restored(t.Context()); err != nil || !at.IsZero() {
			t.Errorf("before: %s, %v", at, err)
		}
		for _, now := range []time.Time{time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 24, 12, 0, 0, 1000, time.UTC)} {
			if _, err := db.Doubt(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			if at, err := ledger.Restored(t.Context()); err != nil || !at.Equal(now) {
				t.Errorf("%s, want %s, %v", at, now, err)
			}
		}
	})
}
