// The viewer's life: the match comes into sight, the transcript follows, a citation is copied.

import { say } from "./page.js";

function seek(player, seconds) {
  player.currentTime = seconds;
}

function follow(view, player) {
  const lines = [...view.querySelectorAll("[data-transcript] li")];
  player.addEventListener("timeupdate", () => {
    const now = player.currentTime;
    lines.forEach((line) => line.classList.toggle("now", now >= Number(line.dataset.start) && now < Number(line.dataset.end)));
  });
  lines.forEach((line) =>
    line.querySelector("a").addEventListener("click", (event) => {
      event.preventDefault();
      event.stopPropagation();
      seek(player, Number(line.dataset.start));
      player.play();
    }),
  );
}

export function arrive(view, { step, close } = {}) {
  const player = view.querySelector(".player");
  if (player) {
    player.addEventListener("loadedmetadata", () => seek(player, Number(player.dataset.at)), { once: true });
    follow(view, player);
  }
  view.querySelectorAll("[data-cite]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.cite);
      say("Copied");
      button.textContent = "Copied";
    });
  });
  view.querySelectorAll("[data-step]").forEach((button) => {
    button.hidden = !step;
    button.addEventListener("click", () => step(Number(button.dataset.step)));
  });
  view.querySelectorAll("[data-close]").forEach((button) => {
    button.hidden = !close;
    button.addEventListener("click", () => close());
  });
  view.querySelector(".piece.at")?.scrollIntoView({ block: "center" });
}

document.addEventListener("strongroom:view", (event) => arrive(event.target, event.detail));
document.querySelectorAll("main > .view").forEach((view) => arrive(view));
