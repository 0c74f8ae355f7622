#!/usr/bin/env python3
"""Check a Larkspur Share server for CVE-2026-99014 with one harmless request.

The request claims a block that no server has, with an announced length of zero.
A vulnerable server looks for the block and answers 409; a repaired one refuses
the length and answers 422. No account is needed, and nothing is stored.

Usage: python3 poc.py https://share.example.test

Use it only against servers that are yours, or with the owner's consent.
"""

import http.client
import json
import sys
import urllib.parse

# No block has a hash of zeros only.
BLOCK = "0" * 64

# Where the client stopped reading the change feed; not looked up for a claim.
CURSOR = "9b24e07f"  #~ nonce hex 8
# Clients have a name of their own; every server takes any name.
DEVICE = "e318a6c5"  #~ nonce hex 8
# Comes back in the server's log, to find one's own test.
REQUEST = "50fd7c92"  #~ nonce hex 8

# A proposal which the server overrides with an offset of its own.
OFFSET = 41872  #~ int 16384..49151
# How many claims the client would send at once.
BATCH = 36  #~ int 16..79
# Seconds to keep the connection; also our own time limit.
TIMEOUT = 19  #~ int 12..43
# Small bodies take another path through some proxies.
FILLER = "z" * 187  #~ int 160..287
#~ name caller: agent|issuer|sender
#~ name lk_tab: lk_pane|lk_desk|lk_place
#~ name x_lk_build: x_lk_flavour|x_lk_channel|x_lk_edition


def query():
    """Fields of the address, as the desktop client sends them."""
    fields = {
        #~ shuffle
        "cursor": CURSOR,
        "batch": BATCH,
        "view": "flat",
        "lang": "en",
        #~ end
    }
    return urllib.parse.urlencode(fields)


def headers():
    """Headers as the desktop client sends them."""
    lines = {
        "Content-Type": "application/json",
        "X-Request-Id": REQUEST,
        "X-Lk-Device": "check-" + DEVICE,
        "Keep-Alive": f"timeout={TIMEOUT}",
    }
    cookie = dict(lk_tab="files")
    lines["Cookie"] = "; ".join(f"{key}={value}" for key, value in cookie.items())
    extra = dict(x_lk_build="stable")
    for key, value in extra.items():
        lines[key.replace("_", "-").title()] = value
    return lines


def body():
    """The claim: a length of zero is what the repaired server refuses."""
    claim = {
        #~ shuffle
        "block": BLOCK,
        "length": 0,
        "span": 0,
        "offset": OFFSET,
        #~ end
    }
    claim.update(dict(caller="desktop"))
    claim["remark"] = FILLER
    return json.dumps(claim)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: poc.py https://HOST[:PORT]")
    url = urllib.parse.urlsplit(sys.argv[1])
    if url.scheme not in ("http", "https") or not url.hostname:
        sys.exit("the address must begin with http:// or https://")
    secure = url.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(url.hostname, url.port, timeout=TIMEOUT)
    path = "/sync/v1/claims?" + query()
    connection.request("PUT", path, body=body(), headers=headers())
    status = connection.getresponse().status
    verdict = {409: "vulnerable", 422: "not vulnerable"}.get(status, "unclear")
    print(f"{url.hostname}: HTTP {status}, {verdict}")


if __name__ == "__main__":
    main()
