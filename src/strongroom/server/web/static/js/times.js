// Times in the reader's zone, with the zone named; without script they stand in UTC.

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "short", hour: "numeric" });

function zoneOf(date) {
  return zone.formatToParts(date).find((part) => part.type === "timeZoneName").value;
}

export function localise(root = document) {
  root.querySelectorAll("time[datetime]:not([data-local])").forEach((element) => {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.valueOf())) return;
    element.dataset.local = "";
    element.textContent = `${full.format(date)} ${zoneOf(date)}`;
  });
}

localise();
