// age v1 files, opened with WebCrypto alone: X25519, HKDF, HMAC and ChaCha20-Poly1305. No armor, no passphrases.
// Source: https://c2sp.org/age; every rule of its header and its stream is kept, and the C2SP test vectors hold it to that.

/** What is wrong with a file or a key. `kind`: `header`, `no match`, `HMAC`, `payload`, `key` or `browser`. */
export class AgeError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

const CHUNK = 64 * 1024;
const TAG = 16;
const HEADER_BYTES_MAX = 16 * 1024;
const IDENTITIES_MAX = 256;
const WORK_MAX = 22;
const VERSION_LINE = "age-encryption.org/v1";
const CIPHER = "ChaCha20-Poly1305";
const latin = new TextDecoder("latin1");
const ascii = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** What this browser lacks to open a package, in words; an empty list when it can. */
export async function missing() {
  if (!globalThis.crypto?.subtle) return ["WebCrypto, which needs https:// or localhost"];
  const lacks = [];
  try {
    await scalarKey(new Uint8Array(32).fill(8));
  } catch {
    lacks.push("X25519");
  }
  try {
    await cipherKey(new Uint8Array(32));
  } catch {
    lacks.push(CIPHER);
  }
  return lacks;
}

/** The secret keys of an identity file: one `AGE-SECRET-KEY-1…` a line, `#` before remarks. */
export async function readIdentities(text) {
  const found = [];
  if (/^\s*-----BEGIN/.test(text)) {
    throw new AgeError("key", "this is an SSH or an encrypted key; the page opens age keys only");
  }
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (/^age1/i.test(line)) throw new AgeError("key", `line ${index + 1} is the public key; the secret one begins with AGE-SECRET-KEY-1`);
    if (found.length === IDENTITIES_MAX) throw new AgeError("key", `there are more than ${IDENTITIES_MAX} keys`);
    found.push(await readIdentity(line, index + 1));
  }
  if (found.length === 0) throw new AgeError("key", "there is no key in it; it has a line that begins with AGE-SECRET-KEY-1");
  return found;
}

async function readIdentity(line, number) {
  const scalar = fromBech32(line, "AGE-SECRET-KEY-");
  if (scalar?.length !== 32) throw new AgeError("key", `line ${number} is not an age secret key`);
  const key = await scalarKey(scalar);
  scalar.fill(0);
  const base = new Uint8Array(32);
  base[0] = 9;
  return { key, share: await sharedSecret(key, base) };
}

/** The public half of an identity, as 32 bytes. */
export const publicShare = (identity) => identity.share;

/** The data of a Bech32 text (BIP 173, without its length limit) of one human-readable part in upper case. */
export function fromBech32(text, prefix) {
  const alphabet = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
  if (!text.startsWith(`${prefix}1`)) return null;
  const values = Array.from(text.slice(prefix.length + 1), (c) => alphabet.indexOf(c));
  if (values.length < 6 || values.includes(-1)) return null;
  const low = prefix.toLowerCase();
  const expanded = [...Array.from(low, (c) => c.charCodeAt(0) >> 5), 0, ...Array.from(low, (c) => c.charCodeAt(0) & 31)];
  let sum = 1;
  for (const value of [...expanded, ...values]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].forEach((term, bit) => {
      if ((top >> bit) & 1) sum ^= term;
    });
  }
  if ((sum >>> 0) !== 1) return null;
  const bytes = [];
  let bits = 0;
  let count = 0;
  for (const value of values.slice(0, -6)) {
    bits = ((bits << 5) | value) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >> count) & 0xff);
    }
  }
  // What is left must be less than a group of zeros.
  if (count >= 5 || (bits & ((1 << count) - 1)) !== 0) return null;
  return Uint8Array.from(bytes);
}

/** The whole plaintext; nothing of it is given before all of it is checked. */
export async function decrypt(bytes, identities) {
  const parts = [];
  let size = 0;
  for await (const part of chunks(bytes, identities)) {
    parts.push(part);
    size += part.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
    part.fill(0);
  }
  return whole;
}

/** The plaintext chunk by chunk, each checked before it is given; an error may follow chunks that were given. */
export async function* chunks(bytes, identities) {
  const header = readHeader(bytes);
  const nonce = bytes.subarray(header.end, header.end + 16);
  if (nonce.length < 16) throw new AgeError("header", "the file ends before its first chunk");
  const fileKey = await unwrap(header.stanzas, identities);
  const macKey = await crypto.subtle.importKey("raw", await hkdf(fileKey, new Uint8Array(), "header"), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  if (!(await crypto.subtle.verify("HMAC", macKey, header.mac, header.signed))) throw new AgeError("HMAC", "the header was changed");
  const key = await cipherKey(await hkdf(fileKey, nonce, "payload"));
  fileKey.fill(0);
  yield* stream(bytes.subarray(header.end + 16), key);
}

async function* stream(payload, key) {
  let at = 0;
  for (let counter = 0; ; counter += 1) {
    const chunk = payload.subarray(at, at + CHUNK + TAG);
    at += chunk.length;
    const isAtEnd = at >= payload.length;
    if (chunk.length < TAG) throw new AgeError("payload", "the file is cut off");
    let plain = await openChunk(key, counter, isAtEnd, chunk);
    const fits = plain !== null;
    // A full chunk that says of itself that it is the last, or is not, where the file says otherwise: it is genuine,
    // and given like any other, and then the file is refused.
    if (!fits && chunk.length === CHUNK + TAG) plain = await openChunk(key, counter, !isAtEnd, chunk);
    if (plain === null) throw new AgeError("payload", "the file is damaged or cut off");
    if (plain.length === 0 && counter > 0) throw new AgeError("payload", "the file ends with an empty chunk");
    yield plain;
    if (!fits) throw new AgeError("payload", isAtEnd ? "the file is cut off" : "the file has something after its end");
    if (isAtEnd) return;
  }
}

async function openChunk(key, counter, isLast, chunk) {
  // Eleven bytes of counter, big endian, and whether it is the last chunk. Files here have fewer than 2^32 chunks.
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(7, counter);
  nonce[11] = isLast ? 1 : 0;
  return open(key, nonce, chunk);
}

/** The header's stanzas, its MAC, the bytes that the MAC is of, and where the header ends. */
export function readHeader(bytes) {
  const fail = (why) => new AgeError("header", `this is not an age file of version 1: ${why}`);
  const text = latin.decode(bytes.subarray(0, HEADER_BYTES_MAX));
  let at = 0;
  const line = () => {
    const end = text.indexOf("\n", at);
    if (end < 0) throw fail("its header has no end");
    const found = text.slice(at, end);
    at = end + 1;
    return found;
  };
  if (line() !== VERSION_LINE) throw fail("its first line is another");
  const stanzas = [];
  while (true) {
    const start = at;
    const first = line();
    if (first.startsWith("---")) {
      const mac = first.startsWith("--- ") ? fromBase64(first.slice(4)) : null;
      if (mac?.length !== 32) throw fail("its header has no MAC");
      if (stanzas.length === 0) throw fail("it is for nobody");
      const signed = bytes.slice(0, start + 3);
      return checkStanzas({ stanzas, mac, signed, end: at }, fail);
    }
    if (!first.startsWith("-> ")) throw fail("a stanza has another beginning");
    const words = first.slice(3).split(" ");
    if (words.some((word) => !/^[\x21-\x7e]+$/.test(word))) throw fail("a stanza's argument is empty or not plain");
    let encoded = "";
    for (let part = line(); ; part = line()) {
      if (part.length > 64) throw fail("a line of a stanza is too long");
      encoded += part;
      if (part.length < 64) break;
    }
    const body = fromBase64(encoded);
    if (body === null) throw fail("a stanza's body is not canonical base64");
    stanzas.push({ type: words[0], words: words.slice(1), body });
  }
}

function checkStanzas(header, fail) {
  if (header.stanzas.length > 1 && header.stanzas.some((stanza) => stanza.type === "scrypt")) {
    throw fail("it is for a passphrase and for keys at once");
  }
  // Passphrases are not asked for here; a stanza of theirs that has another shape is refused all the same.
  for (const { words, body } of header.stanzas.filter((stanza) => stanza.type === "scrypt")) {
    const [salt, work] = words;
    const isWork = /^[1-9][0-9]?$/.test(work ?? "") && Number(work) <= WORK_MAX;
    const isShaped = words.length === 2 && fromBase64(salt)?.length === 16 && isWork && body.length === 32;
    if (!isShaped) throw fail("its passphrase stanza has another shape");
  }
  for (const stanza of header.stanzas.filter((stanza) => stanza.type === "X25519")) {
    stanza.share = stanza.words.length === 1 ? fromBase64(stanza.words[0]) : null;
    if (stanza.share?.length !== 32 || stanza.body.length !== 32) throw fail("an X25519 stanza has another shape");
  }
  return header;
}

async function unwrap(stanzas, identities) {
  for (const stanza of stanzas.filter((stanza) => stanza.type === "X25519")) {
    for (const identity of identities) {
      let secret;
      try {
        secret = await sharedSecret(identity.key, stanza.share);
      } catch {
        secret = new Uint8Array(32);
      }
      // A share of small order gives zero with every key (RFC 7748, section 6.1).
      if (secret.every((byte) => byte === 0)) throw new AgeError("header", "an X25519 stanza has a share of small order");
      const salt = new Uint8Array([...stanza.share, ...identity.share]);
      const key = await cipherKey(await hkdf(secret, salt, "age-encryption.org/v1/X25519"));
      secret.fill(0);
      const fileKey = await open(key, new Uint8Array(12), stanza.body);
      if (fileKey !== null) return fileKey;
    }
  }
  throw new AgeError("no match", "the file is not sealed to this key");
}

async function scalarKey(scalar) {
  // PKCS #8 (RFC 8410) around the 32 bytes: WebCrypto takes no bare scalar.
  const head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];
  const wrapped = new Uint8Array([...head, ...scalar]);
  const key = await crypto.subtle.importKey("pkcs8", wrapped, { name: "X25519" }, false, ["deriveBits"]);
  wrapped.fill(0);
  return key;
}

async function sharedSecret(key, share) {
  const other = await crypto.subtle.importKey("raw", share, { name: "X25519" }, true, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: other }, key, 256));
}

const cipherKey = (bytes) => crypto.subtle.importKey("raw-secret", bytes, { name: CIPHER }, false, ["decrypt"]);

async function hkdf(secret, salt, info) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: ascii(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}

async function open(key, iv, bytes) {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: CIPHER, iv, tagLength: 128 }, key, bytes));
  } catch (error) {
    if (error.name === "OperationError") return null;
    throw error;
  }
}

/** Unpadded base64 in its only spelling; anything else is null. */
export function fromBase64(text) {
  if (!/^[A-Za-z0-9+/]*$/.test(text) || text.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(text + "=".repeat((4 - (text.length % 4)) % 4)), (c) => c.charCodeAt(0));
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, "") === text ? bytes : null;
}
