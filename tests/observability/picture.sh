#!/usr/bin/env bash
# picture.sh PAGE PICTURE: a screenshot of a page, with few enough colours to stay small. Installs Debian's Chromium and pngquant.
set -euo pipefail
readonly page=$1 picture=$2 most=200000

missing=()
for program in chromium pngquant; do type -P "$program" >/dev/null || missing+=("$program"); done
# The page names this font: with another one, texts have other widths.
[[ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ]] || missing+=(fonts-dejavu-core)
"$(dirname "$0")/../debian.sh" "${missing[@]}"

size=$(sed -nE 's/.*<body style="width:([0-9]+)px;height:([0-9]+)px">.*/\1,\2/p' "$page")
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
# The sandbox does not work for root; the page is ours and has no script.
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$profile" --window-size="$size" \
  --screenshot="$profile/page.png" "file://$(realpath "$page")" 2>"$profile/log" || { cat "$profile/log" >&2; exit 1; }
pngquant --force --strip --nofs --output "$picture" 128 "$profile/page.png"
bytes=$(stat --format %s "$picture")
echo "$picture: ${size/,/ × } pixels, $bytes bytes"
((bytes <= most)) || { echo "$picture is larger than $most bytes" >&2; exit 1; }
