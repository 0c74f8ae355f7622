share-check.sh#!/bin/bash
# Ask a {~Larkspur|Example~} Share server for a preview that no server has.
set -eu

address=${1:?usage: share-check.sh https://HOST}
probe_id="9b41c07e2d55"
filler=$(head -c 263 /dev/zero | tr '\0' 'A')
result_file="share-check-result.txt"

status=$(curl --silent --output /dev/null --write-out '%{http_code}' \
  --max-time 15 \
  --header "Accept: image/png" \
  --header "Cache-Control: no-cache" \
  --header "X-Larkspur-Ticket: $probe_id" \
  --data "{\"width\":640,\"note\":\"$filler\"}" \
  "$address/preview/v2/render?doc=$probe_id")

case "$status" in
  404) verdict="vulnerable" ;;
  403) verdict="repaired" ;;
  *) verdict="unclear" ;;
esac
echo "$status: $verdict" | tee "$result_file"
