# Work on Pappus. Everything that is not Go itself is built into .bin/ from the
# versions pinned in tools/go.mod.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -X main.version=$(VERSION)
FUZZTIME ?= 200000x
COUNT ?= 10
BIN := $(CURDIR)/.bin
SCENARIOS ?= line trees bitcoin-2015 dandelion-plus-plus dandelion-plus-plus-1000 p2p spies-dial-all bip156 bip156-edges default front latency black-holes

.PHONY: docs release reproduce build check test race lint fuzz bench syncbench relaybench devnetbench sim-real attacks eclipse flood growth testground sim web dead tools

build: ## the program, into .bin/
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/pappus ./cmd/pappus

docs: ## what is made from the code: the manual page, the tables of methods and metrics
	go test ./api -run=Reference -update
	go test ./node -run=Documented -update
	go test ./cmd/pappus -run=Manual -update

release: ## archives of all platforms, checksums and what they are made of, into dist/
	scripts/release.sh

reproduce: ## a release built twice has the same bytes; FRESH=1 compiles all of it twice
	scripts/reproduce.sh

check: lint ## what must hold before a commit
	go vet ./...
	go mod tidy -diff
	go test -short ./...

test:
	go test ./...
	cd testground && go test ./...

# One processor, because two that run timers of one synctest bubble corrupt the race detector's own
# state (go.dev/issue/78156, Go 1.26). Each package may take thirty minutes, for machines that do much
# else at once. What it finds is order, not coincidence, so it finds no less.
race:
	go test -race -short -cpu 1 -timeout 30m ./...
	cd testground && go test -race -short -cpu 1 -timeout 30m ./...

# The cache is this checkout's own: another's results would come with its paths.
lint: tools
	@unformatted=$$($(BIN)/gofumpt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "run gofumpt -w on:"; echo "$$unformatted"; exit 1; fi
	GOLANGCI_LINT_CACHE=$(BIN)/lint $(BIN)/golangci-lint run ./...
	cd testground && GOLANGCI_LINT_CACHE=$(BIN)/lint $(BIN)/golangci-lint run --config ../.golangci.yml ./...

# go test takes one fuzz target at a time; new ones are found by their name. FUZZTIME is a number of
# inputs: when a duration ends, Go before 1.27 now and then fails a target that found nothing (go.dev/issue/75804).
fuzz:
	@set -eu; git grep -o --untracked -E '^func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | sed 's/:func /:/' | \
	while IFS=: read -r file name; do \
		echo "== $$name ($$(dirname "$$file"))"; \
		go test -C "$$(dirname "$$file")" -run='^$$' -fuzz="^$$name\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=20x . </dev/null; \
	done

bench: ## compare two runs with .bin/benchstat old.txt bench.txt
	go test -run='^$$' -bench=. -benchmem -count=$(COUNT) -timeout=0 $$(go list ./... | grep -v /internal/syncbench) | tee bench.txt
	$(MAKE) syncbench | tee -a bench.txt

syncbench: ## the figures of docs/measurements.md, as ratios within one run; about ten minutes
	go test -run='^$$' -bench=. -benchtime=1x -count=3 -timeout=0 ./internal/syncbench

relaybench: ## how transactions spread over 100 nodes, in virtual time, and what they cost; about ten minutes
	go test -run=TestSpreading -timeout=60m ./internal/relaybench -v -nodes=100 -txs=30
	go test -run='^$$' -bench=. -benchtime=1x -count=3 -timeout=0 ./internal/relaybench

eclipse: ## how often an attacker has all of a node's links after a restart; about half an hour
	go test -run='TestEclipse|TestOtherAttackers' -timeout=0 ./internal/eclipse -v -restarts=10000 -attack=72h -others

flood: ## 10,000 inbound dials from 250 netgroups, three times; three minutes
	go test -run=TestFloodOfDials -count=3 -timeout=30m ./node -v -args -flood-dials=10000 -flood-addresses=250 -flood-honest=60

growth: ## networks of 200 nodes that grow from three seeds, lose half of themselves and grow together again; see docs/measurements.md
	go test -run=TestNetworkGrowsFromThreeSeeds -timeout=0 ./internal/testnet -v -grown=200 -seeds=100

devnetbench: ## what devnets of 5, 20 and 100 nodes take; four minutes
	scripts/devnetbench.sh 5 20 100

sim-real: ## 1,000 whole nodes in virtual time, a process for each mechanism: latency, bytes, and what it costs; three minutes
	@set -eu; for run in "gossip 100" "gossip 1000" "dandelion 1000" "diffusion 1000" "flood 1000"; do \
		set -- $$run; \
		GOGC=200 go test -run=TestRealNodes -timeout=60m ./internal/relaybench -v -mechanisms=$$1 -many=$$2 -manytxs=10; \
	done

sim: ## the published results and the default configuration from the scenarios' own seeds, and a page of them; some ten minutes
	@set -eu; for name in $(SCENARIOS); do go run ./cmd/pappus sim run $$name; done
	go run ./cmd/pappus sim report $(SCENARIOS:%=sim-results/%.jsonl)

attacks: ## who finds the sources of many transactions, of docs/measurements.md; two minutes
	go test -run='Figure|Epoch|Entropy|Loops' -timeout=60m ./sim/attack -v -graphs=100
	go test -run=Kept ./sim/spy -v -graphs=100

testground: ## compositions with the real Testground, without Docker; minutes, and see the script for its ports
	scripts/testground.sh $(COMPOSITIONS)

web: ## the dashboard's page, from api/web/src into api/web/dist; needs Node.js, which building Pappus does not
	scripts/web.sh build

dead: tools ## functions that nothing calls
	$(BIN)/deadcode -test ./...

tools: $(BIN)/.built

$(BIN)/.built: tools/go.mod tools/go.sum
	mkdir -p $(BIN)
	cd tools && GOBIN=$(BIN) go install tool
	touch $@
