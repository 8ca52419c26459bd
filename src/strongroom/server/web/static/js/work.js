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

let was = null;

const events = new EventSource(now.dataset.events);
events.addEventListener("work", (event) => {
  const work = JSON.parse(event.data);
  const idle = !work.left ? "All is read" : work.stopped ? "Stopped" : "Waiting";
  const step = work.running ? work.step || "Reading" : idle;
  tell("step", step[0].toUpperCase() + step.slice(1));
  tell("done", count.format(work.done));
  tell("total", count.format(work.total));
  tell("rate", work.running && work.rate ? `, ${work.rate.toFixed(1)} a second` : "");
  tell("left", work.seconds_left ? `, ${clock(work.seconds_left)} left` : "");
  const bar = now.querySelector("progress");
  bar.max = Math.max(work.total, 1);
  bar.value = work.total - work.left;
  document.getElementById("pending").textContent = `${count.format(work.left)} pending`;
  // the buttons and the lists below are those of another state
  const is = `${work.running} ${work.stopped}`;
  if (was !== null && was !== is) window.location.reload();
  was = is;
});
window.addEventListener("pagehide", () => events.close());
