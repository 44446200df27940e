#!/usr/bin/env bash
# One row a client, from what the tests recorded. Fails when a client or a check that expected.txt names was not shown,
# when something was shown that it does not name, or by another version than it pins.
set -euo pipefail
cd "$(dirname "$0")"
results=../../../target/clients/results
[[ -s $results ]] || { echo "no client has shown anything: run the tests of clients first" >&2; exit 1; }
awk '
  function complain(text) { print "clients: " text > "/dev/stderr"; wrong = 1 }
  BEGIN { kinds = split("publish install expired wrong blocked archived", checks, " ") }
  FNR == NR && (/^#/ || NF == 0) { next }
  FNR == NR && $2 == "without" { reasons[++told] = $0; sub(":$", "", $3); reason[$1, $3] = 1; next }
  FNR == NR && $2 == "is" { sub(":$", "", $3); pinned[$1] = $3; next }
  FNR == NR { names[++count] = $1; for (i = 2; i <= NF; i++) expected[$1, $i] = 1; next }
  { shown[$1, $3] = 1; if (version[$1] != "" && version[$1] != $2) complain($1 " ran as " version[$1] " and as " $2); version[$1] = $2
    if (!(($1, $3) in expected)) complain("expected.txt does not know " $1 " " $3) }
  END {
    printf "%-11s %-9s", "client", "version"
    for (i = 1; i <= kinds; i++) printf " %-9s", checks[i]
    print ""
    for (n = 1; n <= count; n++) {
      client = names[n]
      if (client in pinned && version[client] != pinned[client])
        complain(client " is pinned to " pinned[client] " in expected.txt, and ran as " (version[client] == "" ? "?" : version[client]))
      row = sprintf("%-11s %-9s", client, version[client] == "" ? "?" : version[client])
      for (i = 1; i <= kinds; i++) {
        key = client SUBSEP checks[i]
        mark = key in shown ? "yes" : key in expected ? "MISSING" : "-"
        if (mark == "MISSING") complain(client " did not show " checks[i])
        if (mark == "-" && !(key in reason)) complain("expected.txt does not say why " client " is not put to " checks[i])
        row = row sprintf(" %-9s", mark)
      }
      sub(/ +$/, "", row)
      print row
    }
    for (n = 1; n <= told; n++) print "- " reasons[n]
    exit wrong
  }' expected.txt "$results"
