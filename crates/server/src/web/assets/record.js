// Checks the seat's entries of the log in the page: signature, inclusion, and, with the key, what each commits to.

const record = document.getElementById("record");
const rows = Array.from(record.querySelectorAll("tr[data-ordinal]"));
const recordStatus = document.getElementById("record-status");
const useRecordKey = document.getElementById("use-key");
const recordKeyStatus = document.getElementById("key-status");

for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  });
}

const mark = (row, isGood, text) => {
  const cell = row.querySelector(".checked");
  const state = document.createElement("span");
  state.className = `state ${isGood ? "good" : "bad"}`;
  state.textContent = `${isGood ? "✓" : "✗"} ${text}`;
  cell.replaceChildren(state);
};
const tell = (place, isGood, text) => {
  place.className = `notice ${isGood ? "good" : "bad"}`;
  place.textContent = text;
};
const words = (error) => (error instanceof ProofError || error instanceof AgeError ? error.message : "something failed in the page");

async function checkAll() {
  const key = await readKey(record.dataset.logKey);
  const checkpoint = await readCheckpoint(document.getElementById("checkpoint").textContent, key);
  let failed = 0;
  for (const row of rows) {
    const { leaf, index, hashes } = row.dataset;
    try {
      const proof = hashes === "" ? [] : hashes.split(" ").map(readBase64);
      await checkInclusion(utf8.encode(leaf), index, proof, checkpoint);
      mark(row, true, "in the log");
    } catch (error) {
      failed += 1;
      mark(row, false, words(error));
    }
  }
  if (failed > 0) throw new ProofError(`${failed} of ${rows.length} entries are not shown to be in the log`);
  tell(recordStatus, true, `Checked in this page: the checkpoint of ${checkpoint.size} entries is signed by ${key.name}, and the log has all ${rows.length} entries.`);
}

/** What an entry commits to, once opened with the seat's key, and the digest of the entry itself. */
async function openEntry(row, identities) {
  const response = await fetch(row.dataset.opening, { redirect: "error" });
  if (!response.ok) throw new ProofError("its opening is not here");
  const padded = await decrypt(new Uint8Array(await response.arrayBuffer()), identities);
  // A version byte, the length as eight little-endian bytes, the bytes, zeros.
  const length = Number(new DataView(padded.buffer, padded.byteOffset).getBigUint64(1, true));
  const opening = JSON.parse(readUtf8(padded.subarray(9, 9 + length)));
  const text = readUtf8(readBase64(opening.content));
  if ((await entryOf(text, readBase64(opening.salt))) !== row.dataset.leaf) throw new ProofError("it does not open this entry");
  const leaf = readLeaf(text);
  const isOwn = leaf.of("seat") === record.dataset.seat && leaf.of("case") === row.dataset.case && leaf.heading === row.dataset.heading;
  if (!isOwn) throw new ProofError("it commits to something else than this row says");
  return { leaf, opening, digest: toHex(await sha256(utf8.encode(row.dataset.leaf))) };
}

/** What the entries commit to, once they were opened. */
const openings = {};

async function readEntries(withPasskey) {
  const identities = await takeKeys(withPasskey);
  const known = new Map();
  let opened = 0;
  for (const row of rows) {
    const ordinal = Number(row.dataset.ordinal);
    let entry;
    try {
      entry = await openEntry(row, identities);
    } catch (error) {
      if (error instanceof AgeError && error.kind === "no match") {
        more(row, "Its opening is sealed to the program alone, or to another key: ask the program for the signed record.");
        continue;
      }
      throw new ProofError(`entry ${ordinal}: ${words(error)}`);
    }
    const [number, , previous] = (entry.leaf.of("link") ?? "").split(" ");
    const before = known.get(ordinal - 1);
    if (Number(number) !== ordinal || (before && before !== previous)) throw new ProofError(`entry ${ordinal} does not follow the one before it: an entry was left out or replaced`);
    known.set(ordinal, entry.digest);
    openings[ordinal] = entry.opening;
    more(row, entry.leaf.text);
    opened += 1;
  }
  return opened;
}

function more(row, text) {
  const place = row.nextElementSibling;
  const shown = document.createElement("pre");
  shown.textContent = text;
  place.firstElementChild.replaceChildren(shown);
  place.hidden = false;
}

async function saveSigned() {
  const response = await fetch("/record/signed", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ openings }),
    redirect: "error",
  });
  if (!response.ok) throw new ProofError("the server did not sign the record");
  const link = document.createElement("a");
  link.download = `${record.dataset.seat}.record`;
  link.textContent = "Save it once more";
  link.href = URL.createObjectURL(new Blob([await response.arrayBuffer()], { type: "application/octet-stream" }));
  document.getElementById("signed").append(" ", link);
  link.click();
}

document.getElementById("sign").addEventListener("click", () => {
  saveSigned().catch((error) => tell(recordKeyStatus, false, `${words(error)}.`));
});

// A page that comes back from the browser's memory would come back with what was opened in it.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

checkAll().catch((error) => tell(recordStatus, false, `This record does not hold: ${words(error)}. Keep the page, and ask the program.`));

missing().then((lacks) => {
  if (lacks.length > 0) {
    useRecordKey.disabled = true;
    recordKeyStatus.textContent = `This browser does not have ${lacks.join(" or ")}, so it cannot read entries. The proofs above need only Ed25519.`;
    return;
  }
  onKey(async (withPasskey) => {
    try {
      const opened = await readEntries(withPasskey);
      document.getElementById("signed").hidden = opened === 0;
      tell(recordKeyStatus, opened > 0, `${opened} of ${rows.length} entries opened: each commits to what its row says, and names the one before it.`);
    } catch (error) {
      tell(recordKeyStatus, false, `${words(error)}.`);
    }
  });
});
