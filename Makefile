# The commands of this house. `make` alone lists them. Where there is no make, ./check does the checking.

.PHONY: help check check-all lint fuzz bench screenshots build
.DEFAULT_GOAL := help

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

check: ## before a commit: formatting, linters, house rules, unit tests
	./check quick

check-all: ## all that continuous integration runs; installs what it needs
	./check

lint: ## formatting and linters alone
	./check lint

fuzz: ## every fuzz test for a while (FOR=20s)
	./check fuzz $(FOR)

bench: ## the ledger's speed, as the table of docs/performance.md (BENCH=-long: growth, too)
	go run ./test/bench $(BENCH)

screenshots: ## new pictures of the sandbox's pages, and of what a seller's buyers meet; wants Chromium
	SCREENSHOTS=$(CURDIR)/docs/screenshots/sandbox go test -count=1 -tags screenshots -run Screenshots ./internal/sandbox/storefront
	SCREENSHOTS=$(CURDIR)/docs/screenshots/portal SHOTS='^(arrive|account|account-wrong|account-questions|signin|home|cancel|subscription-(pending|active|trial|setting-up|winding-down|ended)|landing-token-expired)$$' \
		go test -count=1 -tags screenshots -run Screenshots ./internal/gateway/portal
	SCREENSHOTS=$(CURDIR)/docs/screenshots/console SHOTS='^(signin|overview|license|record|registration-setting-up|correction|operators|log)$$' \
		go test -count=1 -tags screenshots -run Screenshots ./internal/gateway/console

build: ## a stripped binary in bin/
	go build -trimpath -ldflags '-s -w' -o bin/souk ./cmd/souk
