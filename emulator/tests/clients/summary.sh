#!/usr/bin/env bash
# One row a client and mode, from what the tests recorded, and then one a client with a mounted Secret. Fails when a client or a
# check that expected.txt names was not shown, when something was shown that it does not name, or by another version than it pins.
set -euo pipefail
cd "$(dirname "$0")"
results=../../../target/clients/results
[[ -c /dev/null ]] || { echo "a client has removed /dev/null: mknod -m 666 /dev/null c 1 3 makes it again" >&2; exit 1; }
[[ -s $results ]] || { echo "no client has shown anything: run the tests of clients first" >&2; exit 1; }
failed=0
awk '
  function complain(text) { print "clients: " text > "/dev/stderr"; wrong = 1 }
  # The checks between field `from` and the colon are left out, for a reason that follows.
  function leave_out(place, from,    i, word) {
    reasons[++told] = $0
    for (i = from; i <= NF; i++) { word = $i; sub(":$", "", word); reason[place, word] = 1; if (word != $i) return }
  }
  # In the modes that are not plain only the first two checks are made.
  function is_expected(client, mode, check) {
    if (client in only && only[client] != mode) return 0
    if ((client " in " mode, check) in reason) return 0
    return ((client, check) in named) && (mode == "plain" || check == checks[1] || check == checks[2])
  }
  BEGIN {
    kinds = split("publish install expired wrong blocked archived", checks, " ")
    ways = split("plain redirect aws", modes, " ")
  }
  FNR == NR && (/^#/ || NF == 0) { next }
  FNR == NR && $2 == "without" { leave_out($1, 3); next }
  FNR == NR && $2 == "in" { leave_out($1 " in " $3, 5); next }
  FNR == NR && $2 == "only" { reasons[++told] = $0; sub(":$", "", $4); only[$1] = $4; next }
  FNR == NR && $2 == "is" { sub(":$", "", $3); pinned[$1] = $3; next }
  FNR == NR { names[++count] = $1; for (i = 2; i <= NF; i++) named[$1, $i] = 1; next }
  { shown[$1, $2, $4] = 1; if (version[$1] != "" && version[$1] != $3) complain($1 " ran as " version[$1] " and as " $3); version[$1] = $3
    if (!is_expected($1, $2, $4)) complain("expected.txt does not know " $1 " " $2 " " $4) }
  END {
    printf "%-14s %-8s %-9s", "client", "mode", "version"
    for (i = 1; i <= kinds; i++) printf " %-9s", checks[i]
    print ""
    for (n = 1; n <= count; n++) {
      client = names[n]
      if (client in pinned && version[client] != pinned[client])
        complain(client " is pinned to " pinned[client] " in expected.txt, and ran as " (version[client] == "" ? "?" : version[client]))
      for (i = 1; i <= kinds; i++)
        if (!((client, checks[i]) in named) && !((client, checks[i]) in reason))
          complain("expected.txt does not say why " client " is not put to " checks[i])
      for (w = 1; w <= ways; w++) {
        mode = modes[w]
        if (client in only && only[client] != mode) continue
        row = sprintf("%-14s %-8s %-9s", client, mode, version[client] == "" ? "?" : version[client])
        for (i = 1; i <= kinds; i++) {
          mark = ((client, mode, checks[i]) in shown) ? "yes" : is_expected(client, mode, checks[i]) ? "MISSING" : "-"
          if (mark == "MISSING") complain(client " did not show " checks[i] " in mode " mode)
          row = row sprintf(" %-9s", mark)
        }
        sub(/ +$/, "", row)
        print row
      }
    }
    for (n = 1; n <= told; n++) print "- " reasons[n]
    exit wrong
  }' expected.txt "$results" || failed=1
mounted/summary.sh || failed=1
exit "$failed"
