# Tools are pinned here and run by version, so that go.mod lists only what users of the library need.
BUF         := go run github.com/bufbuild/buf/cmd/buf@v1.75.0
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

# libzmq is a C library, and the race detector needs cgo too.
export CGO_ENABLED := 1

.PHONY: help
help: ## list what there is (the default)
	@echo 'usage: make [target]'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: ## run the example wordpool; DIR=path becomes its -dir
	@scripts/setup.sh
	go run ./examples/wordpool $(if $(DIR),-dir "$(DIR)") $(ARGS)

.PHONY: test
test: ## vet, bench/ and the nested modules too, then every test under the race detector; ARGS="-run Splice" goes to go test
	@scripts/setup.sh test
	go vet ./...
	go -C bench vet ./...
	go -C internal/interop/gopeer vet ./...
	go -C internal/automanaged vet ./...
	go -C internal/browser vet ./...
	SOCKEYE_PYTHON="$$(scripts/setup.sh python)" go test -race -timeout 15m $(ARGS) ./...
	go -C internal/automanaged test -race -timeout 5m $(ARGS) ./...
	go -C internal/browser test -race -timeout 10m $(ARGS) ./...

.PHONY: check
check: ## what a change must pass: format, lint, generated code, exported names, setup script, test
	@scripts/setup.sh
	@bad="$$(gofmt -l .)"; [ -z "$$bad" ] || { echo "not as gofmt writes it:" $$bad; exit 1; }
	$(STATICCHECK) -checks inherit,ST1000,ST1020,ST1021,ST1022 ./...
	cd internal/browser && $(STATICCHECK) ./...
	@tmp="$$(mktemp -d)"; trap 'rm -rf "$$tmp"' EXIT; $(BUF) generate -o "$$tmp" && \
	diff -u messages/messages.pb.go "$$tmp/messages/messages.pb.go" || \
	{ echo "messages.pb.go is not what messages.proto gives: make generate"; exit 1; }
	scripts/api.sh
	scripts/setup_test.sh
	@$(MAKE) --no-print-directory test

.PHONY: interop
interop: ## talk to pyzmq, zeromq.js and go-zeromq, and print what came of it; docs/interop.md explains it
	@scripts/setup.sh test
	@SOCKEYE_PYTHON="$$(scripts/setup.sh python)" go test -json -race -count=1 -timeout 10m $(ARGS) ./internal/interop | \
	go run ./internal/interop/matrix

.PHONY: guide
guide: ## play the examples of the Guide's patterns against other people's programs: GUIDE=dir has pebbe/zmq4's examples, built
	@[ -n "$(GUIDE)" ] || { echo "GUIDE=dir: where pebbe/zmq4's examples are, built"; exit 1; }
	@scripts/setup.sh test
	GUIDE="$(abspath $(GUIDE))" SOCKEYE_PYTHON="$$(scripts/setup.sh python)" go test -race -count=1 -p 1 -timeout 15m -run Guide -v $(ARGS) ./examples/...

.PHONY: pictures
pictures: ## make the pictures of the inspector's page in docs/images anew
	@scripts/setup.sh test
	go -C internal/browser test -count=1 -run Shots -update -timeout 10m .

.PHONY: page
page: ## measure the inspector's page with 5,000 sockets; bench/results has what comes of it
	@scripts/setup.sh test
	go -C internal/browser test -count=1 -run Many -v -budget 100ms -record ../../bench/results/inspect-page-$$(date +%F).txt .

.PHONY: generate
generate: ## make messages/messages.pb.go from messages/messages.proto
	$(BUF) generate

.PHONY: api
api: ## list what is newly exported, in api/; docs/versions.md explains it
	scripts/api.sh add

.PHONY: libzmq
libzmq: ## test with another libzmq: PREFIX=dir is where it is installed, with its headers
	@[ -n "$(PREFIX)" ] || { echo "PREFIX=dir: where libzmq is installed, with its headers"; exit 1; }
	@scripts/setup.sh test
	scripts/libzmq.sh "$(abspath $(PREFIX))" $(ARGS)

.PHONY: outage
outage: ## cut networks, stop processes and etcd, for five minutes, as root; docs/cluster.md has what comes of it
	@scripts/setup.sh test
	go test -v -count=1 -timeout 20m ./internal/outage -all $(ARGS)

.PHONY: soak
soak: ## kill things at random for ten minutes, then 5 M messages through crashes; ARGS="-seed 7" goes to the tests
	@scripts/setup.sh test
	go test -race -v -count=1 -timeout 60m -run 'TestChaos|TestCloseDoesNotAbort|TestPortHeld' ./internal/chaos -chaos 10m -closes 600 $(ARGS)
	go test -v -count=1 -timeout 60m -run 'TestCrossing' ./internal/chaos -cross 5000000 -crashes 1000 $(ARGS)

.PHONY: bench
bench: ## measure: the packages' own benchmarks (ARGS goes to go test), then the programs in bench/
	@scripts/setup.sh bench
	go test -run '^$$' -bench . -benchmem $(ARGS) ./...
	SOCKEYE_PYTHON="$$(scripts/setup.sh python)" go -C bench run ./flood
	go -C bench run ./lanes -size 1MiB
	go -C bench run ./lanes -size 64MiB
	go -C bench run ./inspect
	go -C bench vet -tags czmq ./...
	go -C bench test -tags czmq ./...
	go -C bench run -tags czmq ./compare -out results/compare
