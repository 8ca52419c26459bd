// The work as it goes on, told by the server.

const now = document.getElementById("now");
const count = new Intl.NumberFormat();

function clock(seconds) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return parts.map((part, at) => (at ? String(part).padStart(2, "0") : part)).join(":");
}

function tell(name, text) {
  now.querySelector(`[data-tell="${name}"]`).textContent = text;
}

let wasRunning = null;

const events = new EventSource(now.dataset.events);
events.addEventListener("work", (event) => {
  const work = JSON.parse(event.data);
  tell("step", work.running ? work.step || "Reading" : work.left ? "Waiting" : "All is read");
  tell("done", count.format(work.done));
  tell("total", count.format(work.total));
  tell("rate", work.running && work.rate ? `, ${work.rate.toFixed(1)} a second` : "");
  tell("left", work.seconds_left ? `, ${clock(work.seconds_left)} left` : "");
  const bar = now.querySelector("progress");
  bar.max = Math.max(work.total, 1);
  bar.value = work.total - work.left;
  document.getElementById("pending").textContent = `${count.format(work.left)} pending`;
  if (wasRunning && !work.running) window.location.reload();
  wasRunning = work.running;
});
window.addEventListener("pagehide", () => events.close());
