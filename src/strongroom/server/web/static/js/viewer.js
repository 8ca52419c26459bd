// The viewer's life: other places of the same file without leaving it, the match in sight, a citation copied, keys.

import { say } from "./page.js";
import { player } from "./player.js";
import { localise } from "./times.js";
import { stage } from "./zoom.js";

const PLACES = ["page", "t"];

let stepped = 0;

function isBeside(view) {
  return Boolean(view.closest("#pane"));
}

/** Write where the file stands open into the page's address, so that a copied link shows the same. */
export function stand(view, address) {
  view.querySelector("[data-whole]")?.setAttribute("href", address);
  const wanted = new URL(address, window.location.href);
  if (!isBeside(view)) {
    window.history.replaceState(window.history.state, "", wanted);
    return;
  }
  const here = new URL(window.location.href);
  for (const place of PLACES) {
    if (wanted.searchParams.has(place)) here.searchParams.set(place, wanted.searchParams.get(place));
    else here.searchParams.delete(place);
  }
  window.history.replaceState(window.history.state, "", here);
}

let asked = 0;

async function turn(view, address) {
  asked += 1;
  const mine = asked;
  const part = new URL(address, window.location.href);
  part.searchParams.set("part", "1");
  const key = document.activeElement?.dataset?.key;
  view.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(part, { credentials: "same-origin" });
    if (mine !== asked) return;
    if (!response.ok || response.redirected) {
      window.location.href = address;
      return;
    }
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-shown]");
    if (mine !== asked) return;
    view.querySelector("[data-shown]").replaceWith(fresh);
    stand(view, fresh.dataset.address);
    localise(fresh);
    enliven(view);
    focus(view, key);
    say(fresh.querySelector(".stage img")?.alt ?? "");
  } catch {
    say("The page did not get through: is the server still running?");
  } finally {
    view.removeAttribute("aria-busy");
  }
}

function focus(view, key) {
  if (!key) return;
  const same = view.querySelector(`[data-key="${CSS.escape(key)}"]`);
  (same ?? view.querySelector('[data-key="page"]') ?? view.querySelector("h1")).focus({ preventScroll: true });
}

function later(view) {
  view.querySelectorAll("[data-later]").forEach(async (slot) => {
    try {
      const response = await fetch(slot.dataset.later, { credentials: "same-origin" });
      if (response.ok && !response.redirected) slot.innerHTML = await response.text();
    } catch {
      say("A part of the page did not get through");
    }
  });
}

async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    say("Citation copied");
    field.closest("details").querySelector("summary").textContent = "Copied";
  } catch {
    say("The citation is selected: copy it");
  }
}

function enliven(view) {
  const shown = view.querySelector("[data-shown]");
  shown.querySelector(".player") && player(view, stand);
  shown.querySelectorAll("[data-zoom]").forEach(stage);
  shown.querySelectorAll("form[data-in] input[type=number]").forEach((input) => {
    input.addEventListener("change", () => input.checkValidity() && input.form.requestSubmit());
  });
  shown.querySelector(".cite")?.addEventListener("toggle", (event) => {
    if (event.target.open) copy(event.target.querySelector("textarea"));
  });
  later(shown);
  sight(shown);
}

/** Bring the match into sight: within what scrolls by itself, and on the page only where it is out of sight. */
function sight(shown) {
  const at = shown.querySelector(".lines .at, .cells tr.at, .cells .hit, .piece.at, .lines mark");
  const box = at?.closest(".cells");
  if (box) box.scrollTop += at.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2;
  else if (at && !shown.querySelector(".stage")) at.scrollIntoView({ block: "center" });
  const strip = shown.querySelector(".strip");
  const here = strip?.querySelector("[aria-current]");
  if (here) strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.clientWidth) / 2;
}

function click(event) {
  const link = event.target.closest?.("a[data-in]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  turn(event.currentTarget, link.href);
}

function submit(event) {
  const form = event.target.closest("form[data-in]");
  if (!form) return;
  event.preventDefault();
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value) address.searchParams.set(name, value);
  turn(event.currentTarget, address.href);
}

export function arrive(view, { step, close } = {}) {
  view.addEventListener("click", click);
  view.addEventListener("submit", submit);
  view.querySelectorAll("[data-step]").forEach((button) => {
    button.hidden = !step;
    button.addEventListener("click", () => {
      stepped = Number(button.dataset.step);
      step(stepped);
    });
    if (stepped && Number(button.dataset.step) === stepped) button.focus({ preventScroll: true });
  });
  stepped = 0;
  view.querySelectorAll("[data-close]").forEach((button) => {
    button.hidden = !close;
    button.addEventListener("click", () => close());
  });
  enliven(view);
}

function keyed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, video, audio, [contenteditable], dialog")) return;
  const view = document.querySelector("#pane:not([hidden]) .view, main > .view");
  const whole = view && !isBeside(view);
  const wanted = {
    ArrowLeft: '[data-turn="-1"]',
    ArrowRight: '[data-turn="1"]',
    j: whole && '[rel="next"]',
    k: whole && '[rel="prev"]',
    Escape: whole && "[data-back]",
  }[event.key];
  const target = wanted && view?.querySelector(wanted);
  if (!target || (event.key.startsWith("Arrow") && event.target.closest(".cells, .zoomed, .scroll, .strip"))) return;
  event.preventDefault();
  target.click();
}

document.addEventListener("keydown", keyed);
document.addEventListener("strongroom:view", (event) => {
  const view = event.target.querySelector(".view");
  if (view) arrive(view, event.detail);
});
document.querySelectorAll("main > .view").forEach((view) => arrive(view));
