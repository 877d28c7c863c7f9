// Orders on destinations: a dialog with a preview of the effect, and a way back.

import { attempt, call, element, path, percent, tell } from "./api.js";

const dialog = document.getElementById("order");
const form = dialog?.querySelector("form");
const titles = { drain: "Drain", maintenance: "Maintenance", weight: "Weight", up: "Back in service" };
const explanations = {
  drain: "No new clients. Known ones may return, and what is in progress goes on.",
  maintenance: "No new flow from anybody. What is in progress goes on.",
  weight: "The share of new flows relative to the others; 0 quiesces, empty brings the configured weight back.",
  up: "Takes the order back, so that probes decide again.",
};
let order = null;
let asked = 0;

function body() {
  const lasting = form.elements.for.value;
  if (order.action === "weight") {
    const weight = form.elements.weight.value;
    return { weight: weight === "" ? null : Number(weight), for: lasting || null };
  }
  return order.action === "up" ? {} : { why: form.elements.why.value || null, for: lasting || null };
}

const target = dryRun =>
  path("clusters", order.cluster, "destinations", order.destination, order.action) + (dryRun ? "?dryRun=true" : "");

async function preview() {
  const turn = ++asked;
  const output = form.querySelector("output");
  try {
    const result = await call("POST", target(true), body());
    if (turn === asked) {
      output.replaceChildren(
        element("p", {}, result.effect + "."),
        element("ul", {}, ...result.shares.slice(0, 12).map(share => element("li", {},
          `${share.destination}: ${percent(share.before)} → ${percent(share.after)} `,
          element("meter", { min: 0, max: 1, value: share.after, "aria-label": `share of ${share.destination}` })))));
      form.elements.act.disabled = false;
    }
  } catch (error) {
    if (turn === asked) {
      output.textContent = `${error.message} ${error.detail}`;
      form.elements.act.disabled = true;
    }
  }
}

function open(button) {
  const row = button.closest("[data-id]");
  order = { action: button.dataset.action, cluster: row.dataset.of, destination: row.dataset.id, button };
  form.reset();
  form.querySelector("h2").textContent = `${titles[order.action]}: ${order.destination} of ${order.cluster}`;
  form.querySelector(".explanation").textContent = explanations[order.action];
  for (const field of form.querySelectorAll("[data-for]")) {
    field.hidden = !field.dataset.for.split(" ").includes(order.action);
  }
  form.elements.weight.value = order.action === "weight" ? row.view.weight : "";
  form.querySelector("output").textContent = "";
  dialog.showModal();
  preview();
}

async function act() {
  const given = order;
  const result = await attempt(() => call("POST", target(false), body()));
  dialog.close();
  if (result) {
    tell(`${titles[given.action]}: ${result.effect}.`,
      async () => {
        await call("POST", result.undo.replace("/api/v1/", ""));
        tell("Taken back.");
      }, "Undo");
  }
}

if (dialog) {
  document.addEventListener("click", event => {
    const button = event.target.closest("button[data-action]");
    if (button) {
      open(button);
    }
  });
  form.addEventListener("input", preview);
  form.addEventListener("submit", event => {
    event.preventDefault();
    act();
  });
  form.elements.cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => order?.button.focus());
}
document.getElementById("logout")?.addEventListener("click", async () => {
  await attempt(() => call("DELETE", "session"));
  location.assign("/login");
});
