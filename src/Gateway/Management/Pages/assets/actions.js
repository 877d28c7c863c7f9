// Orders on destinations: a dialog with a preview of the effect, and a way back.

import { attempt, call, element, number, path, percent, tell } from "./api.js";
import { flowsOf, takeBack } from "./drains.js";

const dialog = document.getElementById("order");
const form = dialog?.querySelector("form");
const titles = { drain: "Drain", "drain-cluster": "Drain", "drain-node": "Drain", maintenance: "Maintenance", weight: "Weight", up: "Back in service" };
const explanations = {
  drain: "No new clients. Known ones may return, and what is in progress goes on.",
  "drain-cluster": "No new clients for any of its destinations. Known ones may return, and what is in progress goes on.",
  "drain-node": "/readyz tells whoever sends clients here to stop; the listeners stay open. What is in progress goes on.",
  maintenance: "No new flow from anybody. What is in progress goes on.",
  weight: "The share of new flows relative to the others; 0 quiesces, empty brings the configured weight back.",
  up: "Takes the order back, so that probes decide again.",
};
let order = null;
let asked = 0;

/** Whether the order is followed to its end: always of more than a destination, and when something is to be cut off. */
const isJob = () => order.action.startsWith("drain-") || (order.action === "drain" && form.elements.deadline.value !== "");

function body() {
  const sticky = form.elements.sticky.value || null;
  if (isJob()) {
    return {
      cluster: order.cluster ?? null, destination: order.destination ?? null, why: form.elements.why.value || null,
      stickyFor: sticky, deadline: form.elements.deadline.value || null,
    };
  }
  const lasting = form.elements.for.value;
  if (order.action === "weight") {
    const weight = form.elements.weight.value;
    return { weight: weight === "" ? null : Number(weight), for: lasting || null };
  }
  return order.action === "up" ? {} : {
    why: form.elements.why.value || null, for: lasting || null, ...(order.action === "drain" ? { stickyFor: sticky } : {}),
  };
}

const target = dryRun =>
  (isJob() ? "drains" : path("clusters", order.cluster, "destinations", order.destination, order.action)) + (dryRun ? "?dryRun=true" : "");

/** The effect of a drain that is followed, in a sentence. */
const effectOf = drain => (drain.cluster === null ? "Gateway wants no more clients"
  : `No new clients for ${number(drain.destinations)} ${drain.destinations === 1 ? "destination" : "destinations"} of ${drain.cluster}`) + `; ${flowsOf(drain)} in progress`;

async function preview() {
  const turn = ++asked;
  const output = form.querySelector("output");
  try {
    const isFollowed = isJob();
    // What takes itself back at a moment has no deadline, and what has one is taken back by a person.
    form.elements.for.disabled = isFollowed;
    form.elements.deadline.disabled = order.action === "drain" && form.elements.for.value !== "";
    const result = await call("POST", target(true), body());
    if (turn === asked) {
      output.replaceChildren(...isFollowed ? [element("p", {}, effectOf(result) + ".")] : [
        element("p", {}, result.effect + "."),
        element("ul", {}, ...result.shares.slice(0, 12).map(share => element("li", {},
          `${share.destination}: ${percent(share.before)} → ${percent(share.after)} `,
          element("meter", { min: 0, max: 1, value: share.after, "aria-label": `share of ${share.destination}` }))))]);
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
  order = { action: button.dataset.action, cluster: row?.dataset.of ?? button.dataset.of, destination: row?.dataset.id, button };
  form.reset();
  form.querySelector("h2").textContent = `${titles[order.action]}: `
    + (order.destination ? `${order.destination} of ${order.cluster}` : order.cluster ? `cluster ${order.cluster}` : "the node");
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
  const isFollowed = isJob();
  const result = await attempt(() => call("POST", target(false), body()));
  dialog.close();
  if (result && isFollowed) {
    tell(`Drain: ${effectOf(result)}.`,
      async () => {
        await takeBack(result.id);
        tell("Taken back.");
      }, "Undo");
  } else if (result) {
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
