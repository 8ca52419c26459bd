// Files and folders that are dropped: sent in parts that wait in the vault, so that a broken upload goes on where it stood.

import { ask, say } from "./page.js";

const PART = 8 << 20;
const TRIES = 4;
const form = document.getElementById("drop");
const base = `/api/v1/containers/${encodeURIComponent(form?.dataset.container ?? "")}`;
let queue = [];
let isPaused = false;
let isRunning = false;
const told = { files: 0, done: 0, bytes: 0, sent: 0 };

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

async function send({ file, name }) {
  const type = encodeURIComponent(file.type || "application/octet-stream");
  if (file.size <= PART) {
    await often(() => ask(`${base}/blobs/${path(name)}`, { method: "PUT", body: file }));
    return count(file.size);
  }
  const waiting = (await (await ask(`${base}/uploads/${path(name)}`)).json()).blocks;
  const ids = [];
  for (let start = 0, number = 0; start < file.size; start += PART, number += 1) {
    const id = partId(file, number);
    ids.push(id);
    const part = file.slice(start, start + PART);
    if (waiting[id] !== part.size) {
      await often(() => ask(`${base}/uploads/${path(name)}?block=${encodeURIComponent(id)}`, { method: "PUT", body: part }));
    }
    count(part.size);
  }
  const body = JSON.stringify({ blocks: ids });
  const headers = { "content-type": "application/json" };
  await often(() => ask(`${base}/uploads/${path(name)}?type=${type}`, { method: "POST", body, headers }));
  return undefined;
}

function count(bytes) {
  told.sent += bytes;
  document.getElementById("sent-bar").value = told.bytes ? told.sent / told.bytes : 1;
  document.getElementById("sent").textContent =
    `${told.done.toLocaleString()} of ${told.files.toLocaleString()} files, ` +
    `${(told.sent / 1e6).toFixed(1)} of ${(told.bytes / 1e6).toFixed(1)} MB`;
}

function trouble(name, error) {
  const line = document.createElement("li");
  line.textContent = `${name}: ${error.message}`;
  document.getElementById("trouble").append(line);
}

async function run() {
  if (isRunning) return;
  isRunning = true;
  document.getElementById("sending").hidden = false;
  window.addEventListener("beforeunload", hold);
  let failed = 0;
  while (queue.length) {
    const one = queue.shift();
    try {
      await send(one);
      told.done += 1;
    } catch (error) {
      failed += 1;
      trouble(one.name, error);
    }
    count(0);
  }
  window.removeEventListener("beforeunload", hold);
  isRunning = false;
  if (failed) {
    say(`${failed} files could not be sent`);
  } else {
    const line = document.getElementById("sent");
    line.textContent = `${told.done.toLocaleString()} files are here and are being read. `;
    const link = document.createElement("a");
    link.href = "/work";
    link.textContent = "Watch the work";
    const again = document.createElement("a");
    again.href = window.location.href;
    again.textContent = "Show them here";
    line.append(link, " · ", again);
  }
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
