// Makes an age key in this page: X25519 by the browser, written as age writes it (Bech32, BIP 173).
// The secret half is offered as a file and sent nowhere; the form sends the public half.
"use strict";

const LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

function checksum(values) {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    generators.forEach((generator, bit) => { if ((top >>> bit) & 1) sum ^= generator; });
  }
  return sum;
}

export function bech32(prefix, bytes) {
  const fives = [];
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      fives.push((held >>> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) fives.push((held << (5 - bits)) & 31);
  const letters = Array.from(prefix, (letter) => letter.charCodeAt(0));
  const expanded = [...letters.map((code) => code >>> 5), 0, ...letters.map((code) => code & 31)];
  const sum = checksum([...expanded, ...fives, 0, 0, 0, 0, 0, 0]) ^ 1;
  const tail = [0, 1, 2, 3, 4, 5].map((place) => (sum >>> (5 * (5 - place))) & 31);
  return prefix + "1" + [...fives, ...tail].map((five) => LETTERS[five]).join("");
}

// A new pair, as `age-keygen` prints them.
export async function makePair() {
  const pair = await crypto.subtle.generateKey({ name: "X25519" }, true, ["deriveBits"]);
  const open = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  // PKCS #8 of X25519 (RFC 8410): 16 bytes of frame, then the 32 of the secret.
  const framed = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const secret = framed.slice(framed.length - 32);
  const written = bech32("age-secret-key-", secret).toUpperCase();
  framed.fill(0);
  secret.fill(0);
  return { recipient: bech32("age", open), secret: written };
}

const button = document.querySelector("[data-make-key]");
if (button) {
  const field = document.getElementById("recipient");
  const said = document.querySelector("[data-key-said]");
  const link = document.querySelector("[data-key-file]");
  button.disabled = false;
  link.addEventListener("click", () => { link.dataset.saved = "yes"; });
  button.addEventListener("click", async () => {
    try {
      const pair = await makePair();
      const made = new Date().toISOString();
      const file = `# headstart seat key, made ${made}\n# public key: ${pair.recipient}\n${pair.secret}\n`;
      link.href = URL.createObjectURL(new Blob([file], { type: "text/plain" }));
      link.hidden = false;
      delete link.dataset.saved;
      field.value = pair.recipient;
      said.textContent = "The key is made, and only this page has it. Save the file now: nobody can make it again, and without it your packages stay closed.";
    } catch {
      said.textContent = "This browser cannot make such a key. Make one with age-keygen, and paste its public key.";
    }
    said.hidden = false;
  });
}
