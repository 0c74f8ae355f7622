// The seat's key, as the page is given it: chosen, pasted, or kept on this device under a passkey.
//
// A kept key is one line of text under AES-GCM. Its key comes by HKDF-SHA-256 from what a passkey answers to a random
// salt (the PRF extension), so it is nowhere while the passkey is not shown. The server has no part in it.
// Sources: W3C Web Authentication Level 3, section 10.1.4; RFC 5869; NIST SP 800-38D.

const keyPanel = document.querySelector(".key-panel");
const keptPlace = document.getElementById("key-kept");
const givenPlace = document.getElementById("key-given");
const keepOffer = document.getElementById("keep-offer");
const keepBox = document.getElementById("keep-key");
const keptVersion = 1;
const keyBytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const keyText64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const urlBytes = (text) => keyBytes(text.replace(/-/g, "+").replace(/_/g, "/"));
const keptName = () => `headstart-kept-key ${keyPanel.dataset.seat}`;

/** The keys that were given, until the page is left. */
let heldKeys = null;

/** The seat's keys: with a passkey the kept one, else what was chosen or pasted, else what was given before. */
export async function takeKeys(withPasskey) {
  const given = withPasskey ? await keptText() : await givenText();
  if (given !== null) heldKeys = await readIdentities(given);
  if (heldKeys === null) throw new AgeError("key", "choose your key file first, or paste the key");
  // What was pasted is not left standing where somebody looks over a shoulder.
  document.getElementById("keytext").value = "";
  if (given !== null && !withPasskey && keepBox.checked) await keep(given);
  return heldKeys;
}

/** What was pasted or chosen; null for neither. */
async function givenText() {
  const pasted = document.getElementById("keytext").value;
  if (pasted.trim() !== "") return pasted;
  const [file] = document.getElementById("keyfile").files;
  if (!file) return null;
  if (file.size > 64 * 1024) throw new AgeError("key", "this file is too large for a key");
  return file.text();
}

/** Whether one of the keys is the secret half of the seat's; nothing when that is no age key. */
export function isOwnKey(identities) {
  const { recipient } = keyPanel.dataset;
  const share = recipient.startsWith("age1") ? fromBech32(recipient.toUpperCase(), "AGE") : null;
  if (!share) return null;
  return identities.some((identity) => toHex(publicShare(identity)) === toHex(share));
}

/** What is kept for this seat, and opens what is sealed to its key of today. */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(keptName()));
    return found?.version === keptVersion && found.recipient === keyPanel.dataset.recipient ? found : null;
  } catch {
    return null;
  }
}

/** What a passkey answers to a salt, and which passkey it was. */
async function ask(salt, passkeys) {
  const known = passkeys.map((id) => ({ type: "public-key", id: urlBytes(id) }));
  let shown;
  try {
    shown = await navigator.credentials.get({
      publicKey: {
        // Nobody checks this signature: what counts is the answer to the salt.
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        allowCredentials: known,
        userVerification: "required",
        extensions: { prf: { eval: { first: salt } } },
      },
    });
  } catch {
    throw new AgeError("key", "the passkey was not shown");
  }
  const output = shown.getClientExtensionResults().prf?.results?.first;
  if (!output) throw new AgeError("key", "this passkey or this browser cannot lock a key; nothing was kept");
  return { passkey: shown.id, output };
}

async function lockOf(output, salt) {
  const from = await crypto.subtle.importKey("raw", output, "HKDF", false, ["deriveKey"]);
  const info = new TextEncoder().encode(`headstart kept key ${keptVersion} ${location.origin}`);
  const how = { name: "HKDF", hash: "SHA-256", salt, info };
  return crypto.subtle.deriveKey(how, from, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** What a kept key belongs to: it opens for nothing else. */
const belongsTo = () => new TextEncoder().encode(`${keyPanel.dataset.seat} ${keyPanel.dataset.recipient}`);

async function keep(text) {
  const own = [];
  for (const line of text.split(/\r?\n/).map((line) => line.trim())) {
    if (line.startsWith("AGE-SECRET-KEY-1") && isOwnKey(await readIdentities(line))) own.push(line);
  }
  if (own.length === 0) throw new AgeError("key", "this is not the key of your seat, so it was not kept");
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const { passkey, output } = await ask(salt, keyPanel.dataset.passkeys.split(" "));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: "AES-GCM", iv, additionalData: belongsTo() };
  const sealed = await crypto.subtle.encrypt(how, await lockOf(output, salt), new TextEncoder().encode(own[0]));
  const record = {
    version: keptVersion, recipient: keyPanel.dataset.recipient, passkey,
    salt: keyText64(salt), iv: keyText64(iv), sealed: keyText64(sealed),
  };
  localStorage.setItem(keptName(), JSON.stringify(record));
  keepBox.checked = false;
  showKept();
}

async function keptText() {
  const record = kept();
  if (!record) throw new AgeError("key", "no key is kept on this device");
  const salt = keyBytes(record.salt);
  const { output } = await ask(salt, [record.passkey]);
  const how = { name: "AES-GCM", iv: keyBytes(record.iv), additionalData: belongsTo() };
  try {
    const text = await crypto.subtle.decrypt(how, await lockOf(output, salt), keyBytes(record.sealed));
    return new TextDecoder().decode(text);
  } catch {
    throw new AgeError("key", "what is kept does not open with this passkey; forget it, and use your key file");
  }
}

function forget() {
  localStorage.removeItem(keptName());
  heldKeys = null;
  showKept();
  document.getElementById("key-status").textContent = "This device keeps your key no more. Leave or reload the page, too: what it opened stays in it until then.";
}

/** Shows what is possible: a kept key to open with, or the offer to keep one. */
async function showKept() {
  const isKept = kept() !== null;
  keptPlace.hidden = !isKept;
  givenPlace.hidden = isKept;
  keepOffer.hidden = isKept || !(await canKeep());
}

async function canKeep() {
  if (keyPanel.dataset.passkeys === "" || !window.PublicKeyCredential || !navigator.credentials) return false;
  const able = await PublicKeyCredential.getClientCapabilities?.().catch(() => ({}));
  return able?.["extension:prf"] !== false;
}

/** Calls `work` with whether the kept key is wanted, for either button of the panel; one at a time. */
export function onKey(work) {
  const buttons = [document.getElementById("use-key"), document.getElementById("use-kept")];
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      for (const each of buttons) each.disabled = true;
      await work(button.id === "use-kept");
      for (const each of buttons) each.disabled = false;
    });
  }
  document.getElementById("use-file").addEventListener("click", () => {
    givenPlace.hidden = false;
    document.getElementById("keyfile").focus();
  });
  document.getElementById("forget-key").addEventListener("click", forget);
  showKept();
}
