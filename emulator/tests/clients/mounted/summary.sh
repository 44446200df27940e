#!/usr/bin/env bash
# One row a client, from what the tests of mounted Secrets recorded. Fails when a check that expected.txt names was not shown, or when
# one was shown that it does not name.
set -euo pipefail
cd "$(dirname "$0")"
results=../../../../target/clients/mounted
[[ -s $results ]] || { echo "no client has shown anything with a mounted Secret: run the tests of clients first" >&2; exit 1; }
awk '
  function complain(text) { print "mounted: " text > "/dev/stderr"; wrong = 1 }
  BEGIN { kinds = split("install publish rotated expired reused", checks, " ") }
  FNR == NR && (/^#/ || NF == 0) { next }
  FNR == NR && $2 == "without" { reasons[++told] = $0; for (i = 3; i <= NF; i++) { word = $i; sub(":$", "", word); left[$1, word] = 1; if (word != $i) next } }
  FNR == NR { names[++count] = $1; for (i = 2; i <= NF; i++) named[$1, $i] = 1; next }
  { shown[$1, $2] = 1; if (!(($1, $2) in named)) complain("expected.txt does not know " $1 " " $2) }
  END {
    printf "%-14s", "mounted"
    for (i = 1; i <= kinds; i++) printf " %-9s", checks[i]
    print ""
    for (n = 1; n <= count; n++) {
      row = sprintf("%-14s", names[n])
      for (i = 1; i <= kinds; i++) {
        place = names[n] SUBSEP checks[i]
        if (!(place in named) && !(place in left) && checks[i] != "reused") complain("expected.txt does not say why " names[n] " is not put to " checks[i])
        mark = (place in shown) ? "yes" : (place in named) ? "MISSING" : "-"
        if (mark == "MISSING") complain(names[n] " did not show " checks[i])
        row = row sprintf(" %-9s", mark)
      }
      sub(/ +$/, "", row)
      print row
    }
    for (n = 1; n <= told; n++) print "- " reasons[n]
    exit wrong
  }' expected.txt "$results"
