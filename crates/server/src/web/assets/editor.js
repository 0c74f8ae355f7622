// The mark editor without a page for every click. Everything here also works by plain forms.
"use strict";

// A finding's place: the cursor goes there when the source is on this page.
const source = document.querySelector("textarea#source");
function goTo(line, column) {
  const lines = source.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  // Columns count characters, and a script counts halves of some of them.
  const within = Array.from(lines[line - 1] || "").slice(0, column - 1).join("").length;
  source.focus();
  source.setSelectionRange(before + within, before + within + 1);
  source.scrollTop = Math.max(0, (source.scrollHeight * (line - 6)) / lines.length);
}
for (const link of document.querySelectorAll("a.place[data-line]")) {
  if (!source) break;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(Number(link.dataset.line), Number(link.dataset.column));
  });
}

// Whoever leaves with unsaved text is asked first.
if (source) {
  const saved = source.value;
  let isSent = false;
  source.form.addEventListener("submit", () => { isSent = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!isSent && source.value !== saved) event.preventDefault();
  });
}

// A decision is sent, and its card goes away; the next one takes the focus. One after the other: each is made on what
// the last one left.
const list = document.querySelector("#suggestions");
let last = Promise.resolve();
async function send(card, form, body) {
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" });
  if (answer.type !== "opaqueredirect") {
    // Something is wrong with it: the plain form shows what.
    card.classList.remove("sent");
    HTMLFormElement.prototype.submit.call(form);
    return;
  }
  card.remove();
  const left = list.children.length;
  const waiting = document.querySelector("#waiting");
  if (waiting) waiting.textContent = left === 1 ? "1 suggestion is left here" : `${left} suggestions are left here`;
  if (left === 0) location.reload();
}
if (list) {
  list.addEventListener("submit", (event) => {
    const form = event.target;
    const card = form.closest("li.suggestion");
    if (!card || !event.submitter) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    // The same words again, should the plain form be needed.
    const decision = document.createElement("input");
    decision.type = "hidden";
    decision.name = "decision";
    decision.value = event.submitter.value;
    form.append(decision);
    card.classList.add("sent");
    const next = card.nextElementSibling || card.previousElementSibling;
    const button = next && next.querySelector("button");
    if (button) button.focus();
    last = last.then(() => send(card, form, body)).catch(() => card.classList.remove("sent"));
  });
}
