// Signed notes, inclusion proofs, commitments and tars, checked with WebCrypto alone.
// Sources: https://c2sp.org/signed-note, https://c2sp.org/tlog-proof, RFC 9162 section 2.1.3.2, POSIX ustar.

/** Something that does not hold, in words. */
export class ProofError extends Error {}

const utf8 = new TextEncoder();
const readUtf8 = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const FILES_MAX = 1000;

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const joined = (...parts) => new Uint8Array(parts.flatMap((part) => Array.from(part)));
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
const refuse = (what) => {
  throw new ProofError(what);
};

/** Padded base64 in its only spelling. */
export function readBase64(text) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) refuse("something is not base64");
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (toBase64(bytes) !== text) refuse("something is not canonical base64");
  return bytes;
}

function readHex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) refuse("something is not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** A log's published key, `name+id+base64`. */
export async function readKey(vkey) {
  const [name, id, ...rest] = vkey.split("+");
  const bytes = readBase64(rest.join("+"));
  if (bytes.length !== 33 || bytes[0] !== 1) refuse("the log key is not an Ed25519 key");
  const digest = await sha256(joined(utf8.encode(`${name}\n`), bytes));
  if (toHex(digest.subarray(0, 4)) !== id) refuse("the log key's id is not its own");
  const key = await crypto.subtle.importKey("raw", bytes.slice(1), { name: "Ed25519" }, false, ["verify"]);
  return { name, id, key };
}

/** The text of a signed note, once every signature line of the key verifies, and there is one. */
export async function readNote(note, key, what) {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) refuse(`${what} is not signed`);
  const text = note.slice(0, end + 1);
  let isSigned = false;
  for (const line of note.slice(end + 2, -1).split("\n")) {
    const [dash, name, encoded, ...rest] = line.split(" ");
    if (dash !== "\u2014" || !encoded || rest.length > 0) refuse(`${what} has a line that is no signature`);
    const bytes = readBase64(encoded);
    if (name !== key.name || toHex(bytes.subarray(0, 4)) !== key.id) continue;
    if (!(await crypto.subtle.verify("Ed25519", key.key, bytes.slice(4), utf8.encode(text)))) refuse(`the signature of ${what} does not hold`);
    isSigned = true;
  }
  return isSigned ? text : refuse(`${what} is not signed by the log key`);
}

/** Size and root that a signed checkpoint states. */
export async function readCheckpoint(note, key) {
  const [origin, size, root] = (await readNote(note, key, "the checkpoint")).split("\n");
  if (origin !== key.name) refuse("the checkpoint is of another log");
  return { size: readNumber(size), root: readBase64(root) };
}

function readNumber(text) {
  if (!/^(0|[1-9][0-9]*)$/.test(text ?? "")) refuse("something is not a number");
  return BigInt(text);
}

/** The hash of an entry's bytes as a leaf of the tree. */
export const leafHash = (bytes) => sha256(joined([0], bytes));

/** Checks that an entry stands at a place of the tree that a checkpoint states. */
export async function checkInclusion(entry, index, hashes, checkpoint) {
  let [node, last] = [BigInt(index), checkpoint.size - 1n];
  if (node > last) refuse("the entry is beyond the checkpoint");
  let hash = await leafHash(entry);
  for (const sibling of hashes) {
    if (last === 0n) refuse("the proof is too long");
    if (node % 2n === 1n || node === last) {
      hash = await sha256(joined([1], sibling, hash));
      while (node % 2n === 0n && node !== 0n) {
        node /= 2n;
        last /= 2n;
      }
    } else {
      hash = await sha256(joined([1], hash, sibling));
    }
    node /= 2n;
    last /= 2n;
  }
  if (last !== 0n || !same(hash, checkpoint.root)) refuse("the proof does not lead to the checkpoint");
}

/** The entry that commits to a text under a salt. */
export async function entryOf(text, salt) {
  return `headstart/v1 ${toBase64(await sha256(joined(utf8.encode(text), salt)))}`;
}

/** What came with a package as its proof: a tlog-proof, and in its extra data the receipt. */
export async function checkDelivery(text, key, entry) {
  const [head, ...rest] = text.split("\n\n");
  const note = rest.join("\n\n");
  const lines = head.split("\n");
  if (lines.shift() !== "c2sp.org/tlog-proof@v1") refuse("the proof is of another kind");
  const extra = lines[0].startsWith("extra ") ? readUtf8(readBase64(lines.shift().slice(6))) : "";
  const index = readNumber(/^index (.*)$/.exec(lines.shift() ?? "")?.[1]);
  const checkpoint = await readCheckpoint(note, key);
  await checkInclusion(utf8.encode(entry), index, lines.map(readBase64), checkpoint);
  const facts = extra.split("\n").map((line) => line.split(/ (.*)/s));
  const all = (word) => facts.filter(([known]) => known === word).map(([, value]) => value);
  const [at] = all("receipt");
  const receipt = readUtf8(readBase64(all("receipt-text")[0] ?? ""));
  const receiptEntry = await entryOf(receipt, readHex(all("receipt-salt")[0] ?? ""));
  await checkInclusion(utf8.encode(receiptEntry), readNumber(at), all("receipt-hash").map(readBase64), checkpoint);
  if (all("entry")[0] !== entry) refuse("the proof is of another package");
  return { index, size: checkpoint.size, receiptIndex: at, receipt: readLeaf(receipt) };
}

/** The `word value` lines of a leaf's text, below its heading. */
export function readLeaf(text) {
  const [heading, ...lines] = text.split("\n");
  const facts = new Map();
  for (const line of lines.filter((line) => line !== "")) {
    const [word, value] = line.split(/ (.*)/s);
    facts.set(word, [...(facts.get(word) ?? []), value]);
  }
  return { heading, text, of: (word) => facts.get(word)?.[0], all: (word) => facts.get(word) ?? [] };
}

/** The files of a tar: ustar with regular files alone, as packages have it; anything else is refused. */
export function readTar(tar) {
  const files = [];
  const names = new Set();
  let at = 0;
  while (true) {
    const block = tar.subarray(at, at + 512);
    if (block.length < 512) refuse("the archive has no end");
    if (block.every((byte) => byte === 0)) break;
    if (files.length === FILES_MAX) refuse(`the archive has more than ${FILES_MAX} files`);
    const { name, size } = readHeaderBlock(block);
    if (names.has(name.toLowerCase())) refuse("the archive has one name twice");
    names.add(name.toLowerCase());
    const bytes = tar.subarray(at + 512, at + 512 + size);
    if (bytes.length < size) refuse("a file of the archive is cut off");
    files.push({ name, bytes });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  if (tar.length < at + 1024 || tar.subarray(at).some((byte) => byte !== 0)) refuse("the archive has something after its end");
  return files;
}

function readHeaderBlock(block) {
  const field = (start, length) => block.subarray(start, start + length);
  const octal = (bytes) => {
    const found = /^([0-7]+)[ \0]*$/.exec(String.fromCharCode(...bytes));
    return found ? parseInt(found[1], 8) : refuse("a header of the archive has a number that is none");
  };
  const sum = block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (octal(field(148, 8)) !== sum) refuse("a header of the archive is damaged");
  if (String.fromCharCode(...field(257, 8)) !== "ustar\x0000") refuse("the archive is of another kind");
  if (block[156] !== 0x30 && block[156] !== 0) refuse("the archive has something that is no file");
  const text = (bytes) => {
    const end = bytes.indexOf(0);
    return readUtf8(end < 0 ? bytes : bytes.subarray(0, end));
  };
  const prefix = text(field(345, 155));
  const name = prefix ? `${prefix}/${text(field(0, 100))}` : text(field(0, 100));
  // Names that leave their folder, or look like other names, are in no package.
  const isUnsafe = /[\x00-\x1f\x7f-\x9f\\:\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(name) || name.startsWith("/");
  if (isUnsafe || name.split("/").some((part) => part === "" || part === "." || part === "..")) refuse("a name in the archive is not safe");
  return { name, size: octal(field(124, 12)) };
}

/**
 * Checks a package that was decrypted, as `headstart package open` does; answers what its manifest says.
 * `own`: case, seat and partner that it must be of, and the headings that its manifest and its leaf begin with.
 */
export async function checkPackage(sealed, files, proof, key, own) {
  const held = [];
  const manifest = files.find((file) => file.name === "MANIFEST");
  if (!manifest) refuse("the package has no manifest");
  const text = await readNote(readUtf8(manifest.bytes), key, "the manifest");
  const [heading, ...lines] = text.trimEnd().split("\n");
  if (heading !== own.manifestHeading) refuse("the manifest is of another kind");
  const facts = lines.map((line) => line.split(/: (.*)/s));
  const all = (word) => facts.filter(([known]) => known === word).map(([, value]) => value);
  const one = (word) => all(word)[0];
  held.push("The manifest is signed by the log key that this page names.");
  const isOwn = one("case") === own.case && one("seat") === own.seat && one("partner") === own.partner;
  if (!isOwn) refuse("the package is of another case or seat");
  const copies = files.filter((file) => file !== manifest);
  const digests = new Map();
  for (const copy of copies) digests.set(copy.name, toHex(await sha256(copy.bytes)));
  const listed = all("file").map((line) => /^([0-9a-f]{64}) ([0-9]+) (.*)$/s.exec(line) ?? refuse("the manifest cannot be read"));
  const isListed = listed.length === copies.length && listed.every(([, digest, , name]) => digests.get(name) === digest);
  if (!isListed) refuse("the package's files are not those that the manifest lists");
  held.push("It is made for your seat, and holds exactly the files that the manifest lists.");
  const digest = toHex(await sha256(sealed));
  const leaf = [own.leafHeading, ...all("leaf"), `package ${digest}`, ""].join("\n");
  const committed = readLeaf(leaf);
  const inside = [...digests.values()].sort().join();
  const isCommitted = committed.all("copy").map((copy) => copy.split(" ")[1]).sort().join() === inside
    && committed.of("case") === own.case && committed.of("seat") === own.seat && committed.of("partner") === own.partner;
  if (!isCommitted) refuse("the copies in the package are not those that it commits to in the log");
  const entry = await entryOf(leaf, readHex(one("leaf-salt") ?? ""));
  const delivery = await checkDelivery(proof, key, entry);
  const isReceived = delivery.receipt.of("package") === digest && delivery.receipt.of("seat") === own.seat;
  if (!isReceived) refuse("the receipt is of another package");
  held.push(`The log committed to these copies, as entry ${delivery.index}, before they were given.`);
  held.push(`Your receipt is entry ${delivery.receiptIndex} of the log, which has ${delivery.size} entries under the signed checkpoint.`);
  return { title: one("title"), tlp: one("tlp"), ends: one("embargo-ends"), copies, held, receiptIndex: delivery.receiptIndex };
}
