// Opens packages and letters in the page.

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const opener = document.getElementById("opener");
const keyStatus = document.getElementById("key-status");
const useKey = document.getElementById("use-key");
const PREVIEW_BYTES_MAX = 256 * 1024;

for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  });
}
if (useKey) begin();
// A page that comes back from the browser's memory would come back with what was opened in it.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

async function begin() {
  const lacks = await missing();
  if (lacks.length > 0) {
    useKey.disabled = true;
    say(`This browser does not have ${lacks.join(" or ")}, so this page cannot open anything. Use the command line instead: it needs nothing of the browser.`);
    return;
  }
  onKey((withPasskey) => run(withPasskey).catch(fail));
}

function say(text) {
  keyStatus.textContent = text;
  keyStatus.className = "";
}

function fail(error) {
  const isKnown = error instanceof AgeError || error instanceof ProofError;
  const what = isKnown ? error.message : "something failed in the page";
  keyStatus.textContent = `${what[0].toUpperCase()}${what.slice(1)}.`;
  keyStatus.className = "notice bad";
}

async function run(withPasskey) {
  say("Reading the key …");
  const identities = await takeKeys(withPasskey);
  if (opener) {
    checkOwnKey(identities);
    await openPackage(identities);
  } else {
    say("Opening what is sealed …");
  }
  const count = await readLetters(identities);
  if (!opener) say(count === 0 ? "There is nothing here that this key opens." : "Read with your key, which stays in this page until you leave it.");
}

/** Before anything is fetched: with another key nothing opens, and the fetch would be on record all the same. */
function checkOwnKey(identities) {
  const isOwn = isOwnKey(identities);
  if (isOwn === null) throw new AgeError("key", "your seat's key is an SSH key, which this page does not open; use the command below");
  if (!isOwn) throw new AgeError("key", "this is not the key of your seat, so nothing was fetched");
}

async function openPackage(identities) {
  const { package: action, logKey } = opener.dataset;
  const own = { ...opener.dataset };
  const key = await readKey(logKey);
  say("Fetching the package; its receipt goes into the log first …");
  const response = await fetch(action, { method: "POST", body: new URLSearchParams({ as: "tar" }), redirect: "error" });
  if (response.status === 403) throw new ProofError("nothing is open to your seat now; your inbox says why");
  if (response.status === 404) throw new ProofError("there is nothing here for you any more");
  if (!response.ok) throw new ProofError(`nothing was given: the server answered with status ${response.status}`);
  const [sealed, proof] = readTar(new Uint8Array(await response.arrayBuffer()));
  if (!proof) throw new ProofError("the package came without its proof");
  say("Decrypting …");
  const tar = await decrypt(sealed.bytes, identities);
  say("Checking …");
  const checked = await checkPackage(sealed.bytes, readTar(tar), readUtf8(proof.bytes), key, own);
  show(checked, sealed, proof);
  say("Opened and checked. Key and files stay in this page until you leave it.");
}

function show(checked, sealed, proof) {
  const place = document.getElementById("opened");
  place.replaceChildren(element("h3", checked.title));
  const checks = element("ul", undefined, "checks");
  for (const line of checked.held) {
    const item = element("li");
    item.append(element("span", "✓ ", "state good"), line);
    checks.append(item);
  }
  place.append(checks, element("p", `TLP:${checked.tlp.replace(/^TLP:/, "")} · embargo ends ${plainTime(checked.ends)}`, "fine"));
  for (const [at, copy] of checked.copies.entries()) place.append(fileOf(copy.name, copy.bytes, at === 0));
  const kept = element("p", "Keep these two; together they show what you were given: ", "fine");
  kept.append(saveLink(sealed.name, sealed.bytes), " ", saveLink(proof.name, proof.bytes));
  place.append(kept);
  document.getElementById("receipts")?.append(element("p", `Since this page was loaded: entry ${checked.receiptIndex} of the log.`));
}

/** A time as the page writes them. */
const plainTime = (text) => text.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::00)?Z$/, "$1 $2 UTC");

function fileOf(name, bytes, isFirst) {
  const box = element("article", undefined, "opened-file");
  const head = element("p");
  head.append(element("strong", name), ` ${bytes.length} bytes `, saveLink(name, bytes, "Save"));
  box.append(head);
  const text = textOf(bytes);
  if (text === null) {
    box.append(element("p", "Not text, or too long to show here.", "fine"));
  } else {
    const details = element("details");
    const shown = element("pre", text);
    // It scrolls, so it takes the focus of who scrolls by keys.
    shown.tabIndex = 0;
    details.append(element("summary", "Show"), shown);
    details.open = isFirst;
    box.append(details);
  }
  return box;
}

function textOf(bytes) {
  if (bytes.length > PREVIEW_BYTES_MAX) return null;
  try {
    const text = readUtf8(bytes);
    return /[\x00-\x08\x0e-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

function saveLink(name, bytes, text = name) {
  const link = element("a", text);
  link.download = name.split("/").at(-1);
  // Bytes, never a page: whatever is in it, the browser does not show it.
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  return link;
}

/** Shows every sealed text of the page that the key opens; answers how many. */
async function readLetters(identities) {
  let count = 0;
  for (const place of document.querySelectorAll("[data-letter]")) {
    const shown = await readLetter(place, identities);
    place.replaceChildren(shown);
    count += 1;
  }
  return count;
}

async function readLetter(place, identities) {
  try {
    const response = await fetch(place.dataset.letter, { redirect: "error" });
    if (!response.ok) return element("p", "There is nothing here for you any more.", "fine");
    const text = readUtf8(await decrypt(new Uint8Array(await response.arrayBuffer()), identities));
    const body = JSON.parse(text);
    const { case: id, partner, by } = place.dataset;
    const isBy = by === "program" ? !body.by.startsWith("seat:") : body.by === by;
    if (body.case !== id || body.partner !== partner || !isBy) return element("p", "This text was sealed for another place. Tell the program.", "notice bad");
    return drawLetter(body);
  } catch (error) {
    return element("p", error instanceof AgeError && error.kind === "no match" ? "Not sealed to this key." : "This text could not be opened.", "fine");
  }
}

function drawLetter(body) {
  const box = element("div");
  if (body.text !== undefined) {
    const writer = body.by.startsWith("person:") ? element("p", body.by.slice(7), "fine") : null;
    if (writer) box.append(writer);
    box.append(element("p", body.text, "words"));
    return box;
  }
  box.append(element("p", body.product));
  if (body.rules.length > 0) box.append(element("p", `Rules: ${body.rules.join(", ")}`));
  if (body.note !== "") box.append(element("p", body.note, "words"));
  prefill(body);
  return box;
}

/** On the page where a protection is reported anew, the newest report fills what is still empty. */
function prefill(body) {
  const form = document.querySelector("[data-prefill] form");
  if (!form) return;
  const fields = { product: body.product, rules: body.rules.join("\n"), note: body.note };
  for (const [name, value] of Object.entries(fields)) {
    const field = form.elements.namedItem(name);
    if (field.value === "") field.value = value;
  }
}
