// Files and folders that are dropped: sent in parts that wait in the vault, so that a broken upload goes on where it stood.

import { ask, say } from "./page.js";

const PART = 8 << 20;
const TRIES = 6;
const LANES = 3;
const HASHED = 32 << 20;
const form = document.getElementById("drop");
const base = `/api/v1/containers/${encodeURIComponent(form?.dataset.container ?? "")}`;
let queue = [];
let isPaused = false;
let isRunning = false;
let failed = [];
const told = { files: 0, done: 0, bytes: 0, sent: 0, same: 0, kept: 0 };

function path(name) {
  return name.split("/").map(encodeURIComponent).join("/");
}

function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

async function often(act) {
  for (let turn = 1; ; turn += 1) {
    while (isPaused) await pause(300);
    try {
      return await act();
    } catch (error) {
      if (turn === TRIES || !(error instanceof TypeError)) throw error;
      await pause(1000 * 2 ** turn);
    }
  }
}

/** Parts are named by the file's size and time, so that only the same file goes on from them. */
function partId(file, number) {
  const name = `${file.size.toString(36).padStart(9, "0")}${file.lastModified.toString(36).padStart(9, "0")}${String(number).padStart(6, "0")}`;
  return btoa(name);
}

/** Whether the container holds this file already: by its bytes where they can be hashed at once, else by size and time. */
async function isThere(file, name) {
  const asked = `${base}/blobs?prefix=${encodeURIComponent(name)}&limit=1&folded=false`;
  const [blob] = (await (await often(() => ask(asked))).json()).blobs;
  if (blob?.name !== name || blob.size !== file.size) return false;
  if (file.size > HASHED || !blob.sha256 || !crypto.subtle) return Date.parse(blob.modified_at) >= file.lastModified;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === blob.sha256;
}

async function send({ file, name }, tell) {
  if (await isThere(file, name)) {
    told.same += 1;
    return count(file.size);
  }
  const type = encodeURIComponent(file.type || "application/octet-stream");
  if (file.size <= PART) {
    await often(() => ask(`${base}/blobs/${path(name)}`, { method: "PUT", body: file }));
    return count(file.size);
  }
  const waiting = (await (await often(() => ask(`${base}/uploads/${path(name)}`))).json()).blocks;
  const ids = [];
  for (let start = 0, number = 0; start < file.size; start += PART, number += 1) {
    const id = partId(file, number);
    ids.push(id);
    const part = file.slice(start, start + PART);
    if (waiting[id] !== part.size) {
      await often(() => ask(`${base}/uploads/${path(name)}?block=${encodeURIComponent(id)}`, { method: "PUT", body: part }));
    } else {
      told.kept += part.size;
    }
    count(part.size);
    tell((start + part.size) / file.size);
  }
  const body = JSON.stringify({ blocks: ids });
  const headers = { "content-type": "application/json" };
  await often(() => ask(`${base}/uploads/${path(name)}?type=${type}`, { method: "POST", body, headers }));
  return undefined;
}

function files(number) {
  return `${number.toLocaleString()} ${number === 1 ? "file" : "files"}`;
}

function count(bytes) {
  told.sent += bytes;
  document.getElementById("sent-bar").value = told.bytes ? told.sent / told.bytes : 1;
  document.getElementById("sent").textContent =
    `${told.done.toLocaleString()} of ${files(told.files)}, ` +
    `${(told.sent / 1e6).toFixed(1)} of ${(told.bytes / 1e6).toFixed(1)} MB`;
}

function trouble(one, error) {
  failed.push(one);
  const line = document.createElement("li");
  line.textContent = `${one.name}: ${error.message}`;
  document.getElementById("trouble").append(line);
}

/** A line for a file that is under way, with how much of it has gone. */
function row({ name }) {
  const line = document.createElement("li");
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", name);
  line.append(name, bar);
  document.getElementById("going").append(line);
  return { tell: (part) => (bar.value = part), end: () => line.remove() };
}

async function lane() {
  while (queue.length) {
    const one = queue.shift();
    const shown = row(one);
    try {
      await send(one, shown.tell);
      told.done += 1;
    } catch (error) {
      trouble(one, error);
    }
    shown.end();
    count(0);
  }
}

async function run() {
  if (isRunning) return;
  isRunning = true;
  document.getElementById("sending").hidden = false;
  document.getElementById("again").hidden = true;
  window.addEventListener("beforeunload", hold);
  await Promise.all(Array.from({ length: LANES }, lane));
  window.removeEventListener("beforeunload", hold);
  isRunning = false;
  finished();
}

function link(href, text) {
  const made = document.createElement("a");
  made.href = href;
  made.textContent = text;
  return made;
}

function finished() {
  const parts = [`${files(told.done)} ${told.done === 1 ? "is" : "are"} here and ${told.done === 1 ? "is" : "are"} being read. `];
  if (told.same) parts.push(`${files(told.same)} of them had not changed. `);
  if (told.kept) parts.push(`${(told.kept / 1e6).toFixed(1)} MB had come before. `);
  if (failed.length) parts.push(`${files(failed.length)} could not be sent. `);
  document.getElementById("sent").replaceChildren(...parts, link("/work", "Watch the work"), " · ", link(window.location.href, "Show them here"));
  document.getElementById("again").hidden = !failed.length;
  if (failed.length) say(`${files(failed.length)} could not be sent`);
}

function hold(event) {
  event.preventDefault();
}

function add(file, name) {
  queue.push({ file, name: form.dataset.prefix + name });
  told.files += 1;
  told.bytes += file.size;
}

async function walk(entry, above = "") {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return add(file, above + entry.name);
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return undefined;
    for (const one of some) await walk(one, `${above}${entry.name}/`);
  }
}

if (form) {
  const choice = document.getElementById("folder-choice");
  choice.hidden = false;
  document.getElementById("send").hidden = true;
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["files", "folder"]) {
    document.getElementById(id).addEventListener("change", (event) => {
      for (const file of event.target.files) add(file, file.webkitRelativePath || file.name);
      run();
    });
  }
  document.getElementById("again").addEventListener("click", () => {
    document.getElementById("trouble").replaceChildren();
    for (const one of failed) add(one.file, one.name.slice(form.dataset.prefix.length));
    told.files -= failed.length;
    told.bytes -= failed.reduce((sum, one) => sum + one.file.size, 0);
    failed = [];
    run();
  });
  document.getElementById("pause").addEventListener("click", (event) => {
    isPaused = !isPaused;
    event.target.textContent = isPaused ? "Go on" : "Pause";
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", () => form.classList.remove("over"));
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    form.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    for (const entry of entries) await walk(entry);
    run();
  });
}
