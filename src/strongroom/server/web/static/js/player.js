// A recording: stands at its second, the transcript follows, moments are jumped to, and what cannot be played says so.

const FOLLOWS_AGAIN = 4000;
const STANDS_EVERY = 1000;

function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** Give the last line that has begun at a second; -1 before the first. */
function lineAt(starts, second) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= second) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function transcript(shown, media) {
  const list = shown.querySelector("[data-transcript]");
  if (!list) return () => {};
  const lines = [...list.children];
  const starts = lines.map((line) => Number(line.dataset.start));
  const box = shown.querySelector("[data-follow]");
  const checked = box.querySelector("input");
  let now = null;
  let touched = 0;
  box.hidden = false;
  for (const kind of ["wheel", "touchmove", "keydown"]) list.addEventListener(kind, () => (touched = Date.now()), { passive: true });
  return () => {
    const line = lines[lineAt(starts, media.currentTime + 0.05)] ?? null;
    const next = line && media.currentTime < Number(line.dataset.end) + 1 ? line : null;
    if (next === now) return;
    now?.classList.remove("now");
    now?.querySelector("a").removeAttribute("aria-current");
    next?.classList.add("now");
    next?.querySelector("a").setAttribute("aria-current", "true");
    now = next;
    if (next && checked.checked && Date.now() - touched > FOLLOWS_AGAIN) {
      list.scrollTop = next.offsetTop - list.offsetTop - (list.clientHeight - next.clientHeight) / 2;
    }
  };
}

function tools(shown, media) {
  const cut = shown.querySelector("[data-cut]");
  const still = shown.querySelector("[data-still]");
  const span = shown.querySelector("[data-span]");
  const cited = shown.querySelector("#citation");
  const first = new URL(cut.href);
  const length = Number(first.searchParams.get("t_end")) - Number(first.searchParams.get("t_start"));
  return () => {
    const second = Math.round(media.currentTime * 10) / 10;
    const end = Math.round(Math.min(second + length, media.duration || second + length) * 10) / 10;
    const address = new URL(cut.href);
    address.searchParams.set("t_start", second);
    address.searchParams.set("t_end", end);
    cut.href = address.href;
    span.textContent = `${clock(second)} to ${clock(end)}`;
    if (cited) cited.value = [cited.dataset.name, clock(second), cited.dataset.hash].join(", ");
    if (!still) return;
    const frame = new URL(still.href);
    frame.searchParams.set("t", second);
    still.href = frame.href;
  };
}

function cannot(shown, media) {
  const told = shown.querySelector("[data-cannot]");
  const show = () => (told.hidden = false);
  media.addEventListener("error", show);
  if (media.error || media.canPlayType(told.dataset.type) === "") {
    if (media.error || media.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) show();
  }
}

/** Bring a recording to life; `stand` writes its second into the page's address. */
export function player(view, stand) {
  const shown = view.querySelector("[data-shown]");
  const media = shown.querySelector(".player");
  const line = shown.querySelector("[data-line]");
  const head = line?.querySelector("[data-now]");
  const duration = Number(line?.dataset.duration ?? 0);
  const follow = transcript(shown, media);
  const tell = tools(shown, media);
  let stood = 0;

  const seek = (second) => {
    media.currentTime = second;
  };
  const moved = () => {
    follow();
    if (!head || !duration) return;
    const at = (1000 * media.currentTime) / duration;
    head.setAttribute("x1", at);
    head.setAttribute("x2", at);
  };
  const stands = () => {
    tell();
    if (Date.now() - stood < STANDS_EVERY && !media.paused) return;
    stood = Date.now();
    const address = new URL(shown.dataset.address, window.location.href);
    address.searchParams.delete("segment");
    address.searchParams.set("t", Math.round(media.currentTime * 10) / 10);
    stand(view, address.href);
  };
  const begin = () => {
    if (Number(media.dataset.at)) seek(Number(media.dataset.at));
    media.addEventListener("seeked", () => moved(), { once: true });
    setTimeout(() => {
      media.addEventListener("pause", stands);
      media.addEventListener("seeked", stands);
    }, 500);
  };
  if (media.readyState > 0) begin();
  else media.addEventListener("loadedmetadata", begin, { once: true });
  media.addEventListener("timeupdate", moved);
  media.addEventListener("seeked", moved);
  cannot(shown, media);

  shown.addEventListener("click", (event) => {
    const link = event.target.closest("[data-seek]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    seek(Number(link.dataset.seek));
  });
  line?.addEventListener("click", (event) => {
    if (event.target.closest("[data-seek]")) return;
    const box = line.getBoundingClientRect();
    seek((duration * (event.clientX - box.left)) / box.width);
  });
}
