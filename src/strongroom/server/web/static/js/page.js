// What every page has: the keyboard, the list of keys, times in the reader's zone, and saying things to screen readers.

import "./times.js";

export function say(text) {
  document.getElementById("said").textContent = text;
}

export function csrf() {
  return document.body.dataset.csrf;
}

/** Fetch as the page does: with its proof that the page itself asks. Throws an Error with the server's own sentence. */
export async function ask(url, options = {}) {
  const headers = { "x-csrf-token": csrf(), accept: "application/json", ...options.headers };
  const response = await fetch(url, { credentials: "same-origin", ...options, headers });
  if (response.ok) return response;
  let detail = `${response.status} ${response.statusText}`;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch {
    // the answer is no JSON: its status says what there is to say
  }
  throw new Error(detail);
}

function isTyping(event) {
  const where = event.target;
  return where.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(where.tagName);
}

const keys = document.getElementById("keys");

document.querySelectorAll("[data-keys]").forEach((button) => button.addEventListener("click", () => keys.showModal()));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  if (event.key === "/") {
    const box = document.getElementById("q");
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  } else if (event.key === "?" && !keys.open) {
    event.preventDefault();
    keys.showModal();
  }
});

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.room[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
