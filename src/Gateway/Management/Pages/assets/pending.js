// The change that waits to be confirmed, on every page.

import { attempt, call, tell } from "./api.js";

const banner = document.getElementById("pending");
const clock = banner?.querySelector("[data-left]");
let until = null;

async function look() {
  const status = await attempt(() => call("GET", "status"));
  const pending = status?.configuration.pending ?? null;
  if (until !== null && pending === null) {
    document.dispatchEvent(new CustomEvent("gateway:settled"));
  }
  until = pending && new Date(pending.until);
  banner.hidden = pending === null;
  if (pending) {
    banner.querySelector("[data-what]").textContent =
      `${pending.by} changed ${pending.differences.length} values${pending.comment ? ` (${pending.comment})` : ""}.`;
  }
}

function tick() {
  if (until) {
    clock.textContent = `${Math.max(0, Math.round((until - Date.now()) / 1000))} s`;
    if (until < Date.now()) {
      look();
    }
  }
}

if (banner) {
  banner.querySelector("[data-confirm]").addEventListener("click", () => attempt(async () => {
    const kept = await call("POST", "configuration/confirm");
    tell(`Kept as version ${kept.version}.`);
    await look();
  }));
  banner.querySelector("[data-rollback]").addEventListener("click", () => attempt(async () => {
    await call("POST", "configuration/rollback");
    tell("Rolled back.");
    await look();
  }));
  document.addEventListener("gateway:configuration", look);
  document.addEventListener("gateway:pending", look);
  setInterval(tick, 1000);
  look();
}
