#!/usr/bin/env bash
# Every test, in stages: stops at the first stage that fails and says how long each took.
# What a stage prints goes to target/test-logs/<stage>.log; its end is shown when it fails.
set -uo pipefail
cd "$(dirname "$0")/.."

readonly logs=target/test-logs tail_lines=120
# Logs, events, audit logs and journals of this run gather here for the last stage.
export CODEARTIFACT_COLLECTED="$PWD/target/collected/$(date -u +%Y%m%dT%H%M%SZ)-$$"
rm -rf "$logs" target/collected target/clients/results target/clients/mounted
mkdir -p "$logs" "$CODEARTIFACT_COLLECTED"
table=()
# Continuous integration builds once: what cargo keeps for a next build of the same tree would only fill the disk (about 9 GB).
[[ -z ${CI:-} ]] || export CARGO_INCREMENTAL=0

# stage NAME COMMAND...: runs it, shows its summary lines, keeps its time.
stage() {
  local name=$1 started=$SECONDS
  shift
  printf '== %s\n' "$name"
  if ! "$@" >"$logs/$name.log" 2>&1 </dev/null; then
    tail -n "$tail_lines" "$logs/$name.log"
    printf '== %s failed after %d s; all of it: %s\n' "$name" $((SECONDS - started)) "$logs/$name.log"
    printf '   free on the disks of target and of temporary files: %s\n' "$(df -h --output=avail . "${TMPDIR:-/tmp}" | tail -n +2 | xargs)"
    finish 1
  fi
  table+=("$name|$((SECONDS - started))")
}

# Pods need root and namespaces: where this machine lacks them, continuous integration fails, and others are told what is not tested.
node() {
  local lacks
  lacks=$(tests/node/lacks.sh)
  if [[ -n $lacks && -z ${CI:-} ]]; then
    printf '== node is skipped: this machine lacks\n%s\n' "$lacks"
    table+=("node (skipped)|0")
    return
  fi
  stage node make test-node
  show node '^test .*\.\.\. |^test result|^  .* s  |hand-over|SIGKILL'
}

# show NAME PATTERN: what a reader wants to see of a stage that passed.
show() { grep -E "$2" "$logs/$1.log" | sed 's/^/   /' || true; }

passed() {
  sed -nE -e 's/^test result: ok\. ([0-9]+) passed.*/\1/p' -e 's/^([0-9]+) passed in .*/\1/p' \
    "$logs"/{tests,boto3,node}.log 2>/dev/null | awk '{n += $1} END {print n + 0}'
}

finish() {
  printf '\n'
  local row
  for row in "${table[@]}"; do printf '%-16s %5d s\n' "${row%%|*}" "${row##*|}"; done
  local verdict=ok failed=0
  if (($1)); then verdict=FAILED failed=1; fi
  printf '%-16s %5d s\n\n' total "$SECONDS"
  printf 'test result: %s. %d passed; %d failed; %d stages; finished in %d s\n' \
    "$verdict" "$(passed)" "$failed" "${#table[@]}" "$SECONDS"
  exit "$1"
}

stage setup tests/setup.sh
stage client-tools emulator/tests/clients/setup.sh
stage cluster-tools make cluster-tools
stage prometheus-tools make prometheus-tools
[[ -n $(tests/node/lacks.sh) ]] || stage node-tools make node-tools
stage lint make lint
stage build make build
stage tests cargo test --workspace --locked
show tests '^test result|pairs|passes'
# When each alert was pending and fired, and how many series each query of the dashboard gave.
cat "$CODEARTIFACT_COLLECTED"/evidence/observability.*/{promtool,queries}-*.txt | sed 's/^/   /'
stage clients emulator/tests/clients/summary.sh
show clients .
stage boto3 make test-boto3
show boto3 '^(operations|paginators|declared errors|constraints|walker): | passed in '
stage chart make test-chart
show chart '^Tests: '
stage demo make demo KEEP=0
show demo '✓'
stage size make size
show size 'MB|MiB'
stage image make test-image PLATFORMS="linux/$(go env GOARCH)"
show image '^(codeartifact-operator|linux/.*): |same bytes|valid CycloneDX|crates in the program|prints'
node
stage audit target/debug/audit "$CODEARTIFACT_COLLECTED"
show audit .
finish 0
