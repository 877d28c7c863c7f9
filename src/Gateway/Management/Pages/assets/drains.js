// Drains that keep new clients away: what they still wait for, and a way back.

import { attempt, call, element, number, path, tell } from "./api.js";

const section = document.getElementById("drains");
const body = section?.querySelector("tbody");
const kinds = {
  request: ["request", "requests"], websocket: ["WebSocket", "WebSockets"], connection: ["connection", "connections"],
  session: ["UDP client", "UDP clients"], clientconnection: ["client's connection", "clients' connections"],
};

/** What a drain is of, in words. */
export const nameOf = drain => drain.cluster === null ? "the node"
  : drain.destination === null ? `cluster ${drain.cluster}` : `${drain.destination} of ${drain.cluster}`;

/** What is in progress, by kind. */
export const flowsOf = drain => drain.left === 0 ? "nothing"
  : Object.entries(drain.flows).map(([kind, count]) => `${number(count)} ${kinds[kind]?.[count === 1 ? 0 : 1] ?? kind}`).join(", ");

/** Takes a drain back. */
export const takeBack = id => call("DELETE", path("drains", id));

const moment = time => time === null ? "" : new Date(time).toLocaleString();

function row(drain) {
  const cancel = element("button", { type: "button", "aria-label": `Take back the drain of ${nameOf(drain)}` }, "Take back");
  cancel.addEventListener("click", () => attempt(async () => {
    await takeBack(drain.id);
    tell(`The drain of ${nameOf(drain)} is taken back.`);
  }));
  const made = element("tr", { "data-drain": drain.id },
    element("th", { scope: "row", class: "all" }, nameOf(drain)),
    element("td", { "data-label": "Status", "data-field": "status" }),
    element("td", { "data-label": "In progress", "data-field": "left" }),
    element("td", { "data-label": "Known clients until" }, moment(drain.stickyUntil)),
    element("td", { "data-label": "Cut off at" }, moment(drain.deadline)),
    element("td", { "data-label": "Who and why", class: "reason" }, [drain.who, drain.why].filter(Boolean).join(": ")),
    element("td", { class: "all" }, body.dataset.may === undefined ? null : element("div", { class: "buttons" }, cancel)));
  return made;
}

/** Shows all drains there are. */
export function fillDrains(all) {
  if (!section) {
    return;
  }
  const about = section.dataset.drains.toLowerCase();
  const shown = all.filter(drain => !about || drain.cluster === null || drain.cluster.toLowerCase() === about);
  for (const old of [...body.rows].filter(r => !shown.some(drain => drain.id === r.dataset.drain))) {
    old.remove();
  }
  for (const drain of shown) {
    // Rows stay, so that whoever is about to press their button is not disturbed.
    let known = [...body.rows].find(r => r.dataset.drain === drain.id);
    if (!known) {
      known = row(drain);
      body.append(known);
    }
    known.querySelector("[data-field=status]").textContent = drain.status + (drain.cutOff > 0 ? `, ${number(drain.cutOff)} cut off` : "");
    known.querySelector("[data-field=left]").textContent = flowsOf(drain);
  }
  section.hidden = shown.length === 0;
}
