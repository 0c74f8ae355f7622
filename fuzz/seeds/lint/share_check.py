share_check.py#!/usr/bin/env python3
"""Ask a {~Larkspur|Example~} Share server for a preview that no server has.

A vulnerable gateway answers 404, a repaired one 403. Nothing is rendered.
"""

import argparse
import json
import sys
import urllib.request

PROBE_ID = "9b41c07e2d55"
COOKIE = "Zk3vPq81LmTx"
FILLER = "A" * 263
TIMEOUT_SECONDS = 15
RESULT_FILE = "share-check-result.json"


def headers(token):
    return {
        "Accept": "image/png",
        "Content-Type": "application/json",
        "Cache-Control": "no-cache",
        "X-Larkspur-Ticket": token,
    }


def options(width, height):
    rendering = dict(width=width, height=height, colour="grey", rotate="none")
    rendering["note"] = FILLER
    return rendering


def ask(address, insecure=False):
    payload = json.dumps(options(width=640, height=480)).encode()
    target = f"{address}/preview/v2/render?doc={PROBE_ID}"
    request = urllib.request.Request(
        target,
        data=payload,
        headers=headers(PROBE_ID),
        method="POST",
    )
    request.add_header("Cookie", "visit=" + COOKIE)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status
    except urllib.error.HTTPError as problem:
        return problem.code


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    arguments = parser.parse_args()
    status = ask(arguments.address)
    verdict = {404: "vulnerable", 403: "repaired"}.get(status, "unclear")
    with open(RESULT_FILE, "w", encoding="utf-8") as sink:
        json.dump({"status": status, "verdict": verdict}, sink)
    print(f"{status}: {verdict}")
    return 0 if verdict != "unclear" else 1


if __name__ == "__main__":
    sys.exit(main())
