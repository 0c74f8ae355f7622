// Runs the C2SP age test vectors against the page's decryptor. Knows no page: give it the module and the vectors' bytes.

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Reads one vector: `key: value` lines, an empty line, the age file. */
async function read(name, bytes) {
  const text = new TextDecoder("latin1").decode(bytes);
  const end = text.indexOf("\n\n");
  const facts = text.slice(0, end).split("\n").map((line) => line.split(/: (.*)/s));
  const all = (word) => facts.filter(([known]) => known === word).map(([, value]) => value);
  const one = (word) => all(word)[0];
  let file = bytes.subarray(end + 2);
  if (one("compressed") === "zlib") {
    const stream = new Blob([file]).stream().pipeThrough(new DecompressionStream("deflate"));
    file = new Uint8Array(await new Response(stream).arrayBuffer());
  }
  return { name, file, expect: one("expect"), payload: one("payload"), identities: all("identity"), isArmored: one("armored") === "yes", passphrases: all("passphrase") };
}

/** Why a vector does not apply; null when it does. */
function reasonToSkip(vector) {
  if (vector.isArmored) return "armor";
  if (vector.expect === "success" && vector.identities.length === 0) return "passphrase";
  if (vector.identities.some((key) => !key.startsWith("AGE-SECRET-KEY-1"))) return "another kind of key";
  return null;
}

const KINDS = { "no match": "no match", "HMAC failure": "HMAC", "header failure": "header", "payload failure": "payload" };

/**
 * `age`: the decryptor's module. `vectors`: `[name, Uint8Array]` each.
 * Answers `{held: [name], failed: [{name, why}], skipped: [{name, why}]}`.
 */
export async function check(age, vectors) {
  const result = { held: [], failed: [], skipped: [] };
  for (const [name, bytes] of vectors) {
    const vector = await read(name, bytes);
    const skip = reasonToSkip(vector);
    if (skip) {
      result.skipped.push({ name, why: skip });
      continue;
    }
    const why = await failure(age, vector);
    if (why) result.failed.push({ name, why });
    else result.held.push(name);
  }
  return result;
}

async function failure(age, vector) {
  let kind = "success";
  const given = [];
  try {
    const keys = vector.identities.length > 0 ? await age.readIdentities(vector.identities.join("\n")) : [];
    for await (const part of age.chunks(vector.file, keys)) given.push(part);
  } catch (error) {
    if (!(error instanceof age.AgeError)) return `threw ${error.name}: ${error.message}`;
    kind = error.kind;
  }
  const expected = KINDS[vector.expect] ?? vector.expect;
  if (kind !== expected) return `expected ${expected}, and got ${kind}`;
  if (vector.payload) {
    const whole = new Uint8Array(await new Blob(given).arrayBuffer());
    const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", whole)));
    if (digest !== vector.payload) return "gave other bytes than it should";
  }
  // Whoever takes the whole plaintext gets all of it or nothing.
  if (kind !== "success" && vector.identities.length > 0) {
    const keys = await age.readIdentities(vector.identities.join("\n"));
    const whole = await age.decrypt(vector.file, keys).catch(() => null);
    if (whole !== null) return "gave a plaintext that did not hold";
  }
  return null;
}
