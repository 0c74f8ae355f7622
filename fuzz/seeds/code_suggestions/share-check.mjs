// Ask a Larkspur Share server for a preview that no server has.
import { writeFile } from "node:fs/promises";

const PROBE_ID = "9b41c07e2d55";
const FILLER = "A".repeat(263);
const RESULT_FILE = "share-check-result.json";

function headers(ticket) {
  return {
    "Accept": "image/png",
    "Content-Type": "application/json",
    "Cache-Control": "no-cache",
    "X-Larkspur-Ticket": ticket,
  };
}

async function ask(address) {
  const options = {
    width: 640,
    height: 480,
    colour: "grey",
    note: FILLER,
  };
  const answer = await fetch(`${address}/preview/v2/render?doc=${PROBE_ID}`, {
    method: "POST",
    headers: headers(PROBE_ID),
    body: JSON.stringify(options),
  });
  return answer.status;
}

const address = process.argv[2];
if (!address) {
  console.error("usage: share-check.mjs https://HOST");
  process.exit(2);
}
const status = await ask(address);
const verdict = status === 404 ? "vulnerable" : status === 403 ? "repaired" : "unclear";
await writeFile(RESULT_FILE, JSON.stringify({ status, verdict }));
console.log(`${status}: ${verdict}`);
