// Passkeys: asks the server for a challenge, the device for an answer, and goes where the server says.
"use strict";

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// What the device is asked, with bytes where the server wrote text.
function asked(options) {
  const key = options.publicKey;
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const ready = { ...key, challenge: bytes(key.challenge) };
  if (key.user) {
    ready.user = { ...key.user, id: bytes(key.user.id) };
    // A passkey that can lock a key on this device has to be made so; nothing of it is sent.
    ready.extensions = { ...key.extensions, prf: {} };
  }
  if (key.excludeCredentials) ready.excludeCredentials = known(key.excludeCredentials);
  if (key.allowCredentials) ready.allowCredentials = known(key.allowCredentials);
  return { publicKey: ready };
}

// What the device answered, with text where it has bytes.
function answered(credential) {
  const from = credential.response;
  const response = { clientDataJSON: text(from.clientDataJSON) };
  if (from.attestationObject) {
    response.attestationObject = text(from.attestationObject);
  } else {
    response.authenticatorData = text(from.authenticatorData);
    response.signature = text(from.signature);
    response.userHandle = from.userHandle ? text(from.userHandle) : null;
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, extensions: {} };
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const problem = new Error([said.title || "the server did not answer", said.hint].filter(Boolean).join("; "));
  problem.code = said.code;
  throw problem;
}

function words(error) {
  if (error.code === "fresh-passkey") return "Show your passkey once more first.";
  if (error.name === "NotAllowedError") return "The device was not asked to the end, or it took too long. Try again.";
  if (error.name === "InvalidStateError") return "This device has a passkey for this account already.";
  if (error.name === "SecurityError") return "Passkeys work only over TLS, or on this machine as localhost.";
  return error.message.charAt(0).toUpperCase() + error.message.slice(1) + ".";
}

// What must be there before the device is asked: a passkey that is then refused would stay on it.
function missing() {
  const key = document.getElementById("recipient");
  if (key && !key.value.trim()) return "make a key for your packages first, or paste yours";
  const file = document.querySelector("[data-key-file]");
  if (file && !file.hidden && !file.dataset.saved) return "save the key file first: nobody can make it again";
  return null;
}

async function run(button) {
  const lack = missing();
  if (lack) throw new Error(lack);
  const begun = await post(button.dataset.begin, {});
  const options = asked(begun.options);
  stopOffering();
  const credential = options.publicKey.user
    ? await navigator.credentials.create(options)
    : await navigator.credentials.get(options);
  await finish(button, begun, credential);
}

async function finish(button, begun, credential) {
  const field = (id) => document.getElementById(id)?.value;
  const said = await post(button.dataset.finish, {
    ceremony: begun.ceremony,
    credential: answered(credential),
    to: button.dataset.to,
    label: field("label"),
    recipient: field("recipient"),
  });
  location.assign(said.to);
}

// Passkeys in the list that the browser offers under a field, as it offers names and passwords.
let offered = null;
const stopOffering = () => {
  offered?.abort();
  offered = null;
};

async function offer(button, say) {
  const place = document.querySelector("[data-autofill]");
  if (!place || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  place.hidden = false;
  let isWanted = true;
  while (isWanted) {
    isWanted = false;
    // Nobody asked for it yet: a server that has no time for it now need not be heard of.
    const begun = await post(button.dataset.begin, {}).catch(() => null);
    if (!begun) return;
    try {
      offered = new AbortController();
      const options = { ...asked(begun.options), mediation: "conditional", signal: offered.signal };
      await finish(button, begun, await navigator.credentials.get(options));
    } catch (error) {
      if (!error.code || typeof error.code !== "string") return;
      // The page was open for longer than a challenge lasts: the next one is at hand.
      isWanted = error.code === "ceremony";
      say(words(error));
    }
  }
}

for (const button of document.querySelectorAll("[data-passkey]")) {
  const problem = button.closest("p").parentElement.querySelector("[data-passkey-problem]");
  const say = (message) => {
    problem.textContent = message;
    problem.hidden = !message;
  };
  if (!window.PublicKeyCredential || !navigator.credentials) {
    say(window.isSecureContext
      ? "This browser knows no passkeys. Use a newer one, or another device."
      : "Passkeys work only over TLS, or on this machine as localhost.");
    continue;
  }
  button.disabled = false;
  offer(button, say);
  button.addEventListener("click", async () => {
    say("");
    button.disabled = true;
    try {
      await run(button);
    } catch (error) {
      if (error.code === "fresh-passkey") {
        location.assign("/sign-in/again?to=" + encodeURIComponent(location.pathname));
        return;
      }
      say(words(error));
      button.disabled = false;
      offer(button, say);
    }
  });
}
