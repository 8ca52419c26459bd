// The search page: results as one types, the chosen result, the viewer beside the list, a picture as the question.

import { ask, say } from "./page.js";
import { localise } from "./times.js";

const PAUSE = 250;
const PLACES = ["page", "t"];
const WIDE = window.matchMedia("(min-width: 70.01rem)");
const box = document.getElementById("box");
const input = document.getElementById("q");
const found = document.getElementById("found");

let asked = 0;
let waiting = 0;
let stop = new AbortController();

function addressOf(text) {
  const address = new URL(window.location.href);
  address.pathname = "/";
  for (const name of ["n", "open", "like", "part", ...PLACES]) address.searchParams.delete(name);
  if (text) address.searchParams.set("q", text);
  else address.searchParams.delete("q");
  return address;
}

async function show(address, { keep = false } = {}) {
  asked += 1;
  const mine = asked;
  stop.abort();
  stop = new AbortController();
  found.classList.add("busy");
  const part = new URL(address);
  part.searchParams.set("part", "1");
  try {
    const response = await fetch(part, { credentials: "same-origin", signal: stop.signal });
    if (response.redirected) return window.location.reload();
    const text = await response.text();
    if (mine !== asked) return;
    opened += 1; // what was to be shown beside the old list is not shown beside the new one
    found.innerHTML = text;
    window.history[keep ? "replaceState" : "pushState"]({}, "", address);
    arrive();
    say(document.getElementById("truth")?.textContent.trim() ?? "");
  } catch (error) {
    if (error.name !== "AbortError") say("The search did not get through: is the server still running?");
  } finally {
    if (mine === asked) found.classList.remove("busy");
  }
}

input.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => show(addressOf(input.value.trim()), { keep: true }), PAUSE);
});

box.addEventListener("submit", (event) => {
  clearTimeout(waiting);
  if (event.submitter?.hasAttribute("formaction")) return; // a question: its answers are a page of their own
  event.preventDefault();
  show(addressOf(input.value.trim()));
});

window.addEventListener("popstate", () => window.location.reload());

// the chosen result

function hits() {
  return [...document.querySelectorAll("#hits > .hit")];
}

function chosen() {
  return hits().find((hit) => hit.classList.contains("chosen"));
}

function choose(hit, { focus = true } = {}) {
  chosen()?.classList.remove("chosen");
  if (!hit) return;
  hit.classList.add("chosen");
  hit.scrollIntoView({ block: "nearest" });
  if (focus) hit.querySelector("h2 a").focus({ preventScroll: true });
}

function step(by) {
  const all = hits();
  const at = all.indexOf(chosen());
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!next) return;
  choose(next);
  if (isOpen()) open(next.dataset.view, next);
}

// the viewer beside the list

function pane() {
  return document.getElementById("pane");
}

function isOpen() {
  return pane() && !pane().hidden;
}

let opened = 0;

async function open(address, hit) {
  opened += 1;
  const mine = opened;
  const part = new URL(address, window.location.href);
  part.searchParams.set("part", "1");
  const here = new URL(window.location.href);
  here.searchParams.set("open", hit.dataset.content);
  for (const place of PLACES) {
    if (part.searchParams.has(place)) here.searchParams.set(place, part.searchParams.get(place));
    else here.searchParams.delete(place);
  }
  const response = await fetch(part, { credentials: "same-origin" });
  const text = await response.text();
  if (mine !== opened) return;
  if (!response.ok || response.redirected) {
    window.location.href = address;
    return;
  }
  const view = pane();
  view.innerHTML = text;
  view.hidden = false;
  view.scrollTop = 0;
  document.getElementById("columns").classList.add("open");
  choose(hit, { focus: false });
  window.history[isPushed() ? "replaceState" : "pushState"]({ open: true }, "", here);
  localise(view);
  view.dispatchEvent(new CustomEvent("strongroom:view", { bubbles: true, detail: { step, close } }));
}

/** Give the address of the viewer at the page or second that this page's own address says. */
function placed(address) {
  const here = new URL(window.location.href);
  const view = new URL(address, window.location.href);
  const given = PLACES.filter((place) => here.searchParams.has(place));
  given.forEach((place) => view.searchParams.set(place, here.searchParams.get(place)));
  if (given.length) view.searchParams.delete("segment");
  return view.href;
}

function isPushed() {
  return Boolean(window.history.state?.open);
}

function close() {
  opened += 1; // one that is still on its way is no longer wanted
  if (!isOpen()) return;
  pane().hidden = true;
  pane().replaceChildren();
  document.getElementById("columns").classList.remove("open");
  const here = new URL(window.location.href);
  for (const name of ["open", ...PLACES]) here.searchParams.delete(name);
  window.history.replaceState({}, "", here);
  chosen()?.querySelector("h2 a").focus();
}

found.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a");
  const hit = link?.closest("#hits > .hit");
  if (hit && link.getAttribute("href").startsWith("/view/")) {
    event.preventDefault();
    open(link.href, hit);
  } else if (link && !link.closest("#pane") && link.pathname === "/" && link.origin === window.location.origin) {
    event.preventDefault();
    if (link.dataset.view) localStorage.setItem("view", link.dataset.view);
    show(new URL(link.href));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    if (isOpen()) close();
    else if (event.target === input) input.blur();
    return;
  }
  const where = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "TEXTAREA", "SELECT"].includes(where.tagName)) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "g") document.querySelector("[data-view]:not([aria-current])")?.click();
  else if (event.key === "Enter" && chosen() && !where.closest("a, button, summary")) open(chosen().dataset.view, chosen());
  else return;
  event.preventDefault();
});

// a picture as the question

async function like(file) {
  say("Looking for pictures like it");
  const body = new FormData();
  body.append("picture", file);
  try {
    const response = await ask("/like", { method: "POST", body });
    window.location.href = (await response.json()).address;
  } catch (error) {
    window.alert(error.message);
  }
}

function pictureOf(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/"));
}

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.getElementById("example-drop")?.classList.add("over");
});
document.addEventListener("dragleave", () => document.getElementById("example-drop")?.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const picture = pictureOf(event.dataTransfer);
  if (picture) like(picture);
});
document.addEventListener("paste", (event) => {
  const picture = pictureOf(event.clipboardData);
  if (picture) like(picture);
});

// what is there now

async function answer(slot) {
  const part = new URL(slot.dataset.ask, window.location.href);
  part.searchParams.set("part", "1");
  const response = await fetch(part, { credentials: "same-origin", signal: stop.signal });
  if (response.ok && !response.redirected) slot.innerHTML = await response.text();
}

function arrive() {
  localise(found);
  const slot = document.getElementById("answer");
  if (slot) answer(slot).catch((error) => error.name !== "AbortError" && say(error.message));
  const hit = document.querySelector("#hits > .hit[aria-current]");
  if (hit) open(placed(hit.dataset.view), hit);
  const example = document.getElementById("example");
  example?.addEventListener("change", () => example.files[0] && like(example.files[0]));
}

if (localStorage.getItem("view") === "grid" && !new URL(window.location.href).searchParams.has("view")) {
  const grid = document.querySelector('[data-view="grid"]');
  if (grid) show(new URL(grid.href), { keep: true });
}
arrive();
