// Check a Larkspur Share server for CVE-2026-99001 with one harmless request.
//
// The request names a document that exists on no server, so nothing is rendered.
// Usage: node share_probe.js http://127.0.0.1:8080

const http = require("node:http");

const ticket = "c41d9e7a"; //~ nonce hex 8
const missing = "7f03b6d2"; //~ nonce hex 8
const trail = "Zq81xTileBn0"; //~ nonce alnum 12
const fillerLength = 263; //~ int 240..320
const width = 914; //~ int 760..1015
const limit = 38; //~ int 20..83
//~ name previewCall: renderCall|workerCall|pageCall
//~ name bodyText: payloadText|optionText

const headers = {
  //~ shuffle
  "Accept": "image/png",
  "Content-Type": "application/json",
  "X-Lk-Client": "{~sync-desktop|sync-mobile|web-preview~}",
  "Cache-Control": "no-cache",
  //~ end
};

function bodyText() {
  return JSON.stringify({
    //~ shuffle
    "width": width,
    "format": "png",
    "layout": "{~lk-plain.tpl|lk-grid.tpl|lk-single.tpl~}",
    "trail": trail,
    //~ end
    "note": "Q".repeat(fillerLength),
  });
}

function previewCall(base) {
  const url = new URL("/preview/v2/render", base);
  url.search = `doc=welcome&ticket=${ticket}&limit=${limit}&doc+=${missing}`;
  const request = http.request(url, { method: "POST", headers }, (response) => {
    console.log(`${url.hostname}: HTTP ${response.statusCode}`);
  });
  request.end(bodyText());
}

previewCall(process.argv[2]);
