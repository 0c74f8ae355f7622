// Alters what comes with a package in every way that the page must refuse. Knows no page: give it the module and a sample.

/**
 * `page`: what `open.js` exports (`age.js` and `proof.js` together).
 * `sample`: `{tar: Uint8Array, identity: text, logKey: text, own}`, where `tar` is what the
 * portal gives as "package with its proof".
 * Answers `{refused: number, accepted: [what was altered and not refused]}`, after the unaltered sample has held.
 */
export async function alter(page, sample) {
  const [sealed, proof] = page.readTar(sample.tar);
  const files = page.readTar(await page.decrypt(sealed.bytes, await page.readIdentities(sample.identity)));
  const text = new TextDecoder().decode(proof.bytes);
  const whole = { sealed: sealed.bytes, files, proof: text, logKey: sample.logKey, own: sample.own };
  const check = async (what) => page.checkPackage(what.sealed, what.files, what.proof, await page.readKey(what.logKey), what.own);
  await check(whole);
  const result = { refused: 0, accepted: [] };
  for (const [name, change] of alterations(whole)) {
    try {
      await check({ ...whole, ...change });
      result.accepted.push(name);
    } catch {
      result.refused += 1;
    }
  }
  return result;
}

function* alterations(whole) {
  for (const word of ["case", "seat", "partner", "manifestHeading", "leafHeading"]) yield [`another ${word}`, { own: { ...whole.own, [word]: `${whole.own[word]}1` } }];
  yield ["a byte of the sealed package", { sealed: flipped(whole.sealed, whole.sealed.length >> 1) }];
  yield* filesAltered(whole.files);
  yield* proofAltered(whole.proof);
  yield ["a byte of the log key", { logKey: `${whole.logKey.slice(0, -2)}${whole.logKey.endsWith("AA") ? "BB" : "AA"}` }];
}

function* filesAltered(files) {
  for (const [at, file] of files.entries()) {
    const without = files.filter((_, other) => other !== at);
    yield [`${file.name} left out`, { files: without }];
    for (const place of [0, file.bytes.length >> 1, file.bytes.length - 1]) {
      yield [`byte ${place} of ${file.name}`, { files: [...without, { name: file.name, bytes: flipped(file.bytes, place) }] }];
    }
    yield [`${file.name} under another name`, { files: [...without, { name: `${file.name}x`, bytes: file.bytes }] }];
  }
  yield ["one file more", { files: [...files, { name: "more.txt", bytes: new Uint8Array([1]) }] }];
}

/** Each line of the proof and of its extra data, with one character changed, and left out. */
function* proofAltered(proof) {
  const lines = proof.split("\n");
  for (const [at, line] of lines.entries()) {
    if (line === "" || line.startsWith("extra ")) continue;
    yield [`line ${at + 1} of the proof left out`, { proof: lines.filter((_, other) => other !== at).join("\n") }];
    yield [`line ${at + 1} of the proof`, { proof: lines.with(at, changed(line)).join("\n") }];
  }
  const place = lines.findIndex((line) => line.startsWith("extra "));
  const extra = atob(lines[place].slice(6)).split("\n");
  for (const [at, line] of extra.entries()) {
    // The key in the proof is for a client that knows none; the page has one, and the heading says only what it is.
    if (line === "" || line.startsWith("log-key ") || line.startsWith("headstart ") || line.startsWith("grown")) continue;
    const made = (other) => ({ proof: lines.with(place, `extra ${btoa(other.join("\n"))}`).join("\n") });
    yield [`line ${at + 1} of the proof's extra data left out`, made(extra.filter((_, other) => other !== at))];
    yield [`line ${at + 1} of the proof's extra data`, made(extra.with(at, changed(line)))];
  }
}

function flipped(bytes, at) {
  const other = bytes.slice();
  other[at] ^= 1;
  return other;
}

function changed(line) {
  const at = line.length >> 1;
  const other = line[at] === "A" ? "B" : "A";
  const digit = line[at] === "1" ? "2" : "1";
  return line.slice(0, at) + (/[0-9]/.test(line[at]) ? digit : other) + line.slice(at + 1);
}
