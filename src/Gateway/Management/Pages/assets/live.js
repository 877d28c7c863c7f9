// Clusters, destinations and events as they change, without loading the page again.

import { call, element, number, path } from "./api.js";
import { fillDrains } from "./drains.js";

const destinationTemplate = document.getElementById("destination");
const bodies = new Map(
  [...document.querySelectorAll("tbody[data-destinations]")].map(body => [body.dataset.destinations, body]));
const subscribed = new Set();
let source = null;
let revision = null;

const set = (row, name, text) => {
  const cell = row.querySelector(`[data-field="${name}"]`);
  if (cell && cell.textContent !== text) {
    cell.textContent = text;
  }
};

function fillCluster(view) {
  for (const row of document.querySelectorAll(`[data-cluster="${CSS.escape(view.id)}"]`)) {
    row.dataset.state = view.state;
    set(row, "state", view.state);
    set(row, "ready", `${view.ready} of ${view.total}`);
    set(row, "active", number(view.active));
    set(row, "queue", view.queue ? `${number(view.queue.waiting)} of ${number(view.queue.length)} waiting, ` : "");
    set(row, "rate", view.rate.toFixed(1));
    set(row, "flows", number(view.flows));
    set(row, "errors", number(view.errors));
  }
}

/** The paths of its virtual servers; on the overview only those that are not as they were asked for. */
function fillPaths(view) {
  for (const list of document.querySelectorAll("ul[data-paths]")) {
    const all = list.dataset.paths === view.id;
    if (!all && list.dataset.paths) {
      continue;
    }
    const items = view.paths.filter(p => all || p.path !== "kernel").map(p => {
      const what = p.path === "kernel" ? `${p.forwarding} by the kernel` : `relayed, not ${p.forwarding}`;
      const item = element("li", { "data-path": p.path, "data-of": view.id },
        `${p.virtualServer}, ${p.family === "ipv6" ? "IPv6" : "IPv4"}: `, element("b", {}, what));
      if (p.reason) {
        item.append(" ", element("span", { class: "reason" }, p.reason));
      }
      return item;
    });
    const before = [...list.querySelectorAll(`li[data-of="${CSS.escape(view.id)}"]`)];
    if (before.map(item => item.textContent).join("\n") !== items.map(item => item.textContent).join("\n")) {
      before.forEach(item => item.remove());
      list.append(...items);
    }
    list.hidden = list.children.length === 0;
  }
}

function fillDestination(view) {
  const body = bodies.get(view.cluster);
  if (!body) {
    return;
  }
  let row = body.querySelector(`[data-id="${CSS.escape(view.id)}"]`);
  if (!row) {
    row = destinationTemplate.content.firstElementChild.cloneNode(true);
    row.dataset.id = view.id;
    row.dataset.of = view.cluster;
    for (const button of row.querySelectorAll("button[data-action]")) {
      button.setAttribute("aria-label", `${button.textContent.trim()} ${view.id} of ${view.cluster}`);
    }
    body.append(row);
  }
  row.dataset.state = view.state;
  row.view = view;
  set(row, "id", view.id + (view.backup ? " (backup)" : ""));
  set(row, "address", view.address);
  set(row, "state", view.state);
  set(row, "reason", view.reason);
  set(row, "weight", view.effectiveWeight === view.weight ? String(view.weight) : `${view.weight} (now ${+view.effectiveWeight.toFixed(2)})`);
  set(row, "active", number(view.active + view.inactive) + (view.maxConnections ? ` of ${number(view.maxConnections)}` : ""));
  set(row, "rate", view.rate.toFixed(1));
  set(row, "flows", number(view.flows));
  set(row, "errors", number(view.errors));
  set(row, "latency", view.latencyMilliseconds === null ? "–" : `${view.latencyMilliseconds} ms`);
  set(row, "probe", view.lastProbe ? `${view.lastProbe.outcome.replaceAll("_", " ")}, ${view.lastProbe.milliseconds} ms` : "none");
}

/** What the kernel has counted for it, where there is a table of that. */
function fillKernel(view) {
  const row = document.querySelector(`tr[data-kernel="${CSS.escape(view.cluster)}"][data-id="${CSS.escape(view.id)}"]`);
  if (row && view.kernel) {
    for (const [name, value] of Object.entries(view.kernel)) {
      set(row, name, number(value));
    }
  }
}

/** A row of the history. */
export function eventRow(event) {
  return element("tr", { "data-kind": event.kind },
    element("td", { "data-label": "Time" }, element("time", { datetime: event.time }, new Date(event.time).toLocaleString())),
    element("td", { "data-label": "About" }, [event.cluster, event.destination].filter(Boolean).join("/")),
    element("td", { "data-label": "What" }, event.text),
    element("td", { "data-label": "Who" }, [event.who, event.from].filter(Boolean).join(" from ")));
}

function addEvent(event) {
  for (const body of document.querySelectorAll("tbody[data-events]")) {
    const about = body.dataset.events;
    if (!about || about === event.cluster) {
      body.prepend(eventRow(event));
      while (body.rows.length > 500) {
        body.lastElementChild.remove();
      }
    }
  }
  if (event.kind === "configuration") {
    document.dispatchEvent(new CustomEvent("gateway:configuration"));
  }
}

async function loadDestinations(cluster) {
  const view = await call("GET", path("clusters", cluster));
  const body = bodies.get(cluster);
  const known = new Set(view.destinations.map(d => d.id));
  for (const row of [...body.children]) {
    if (!known.has(row.dataset.id)) {
      row.remove();
    }
  }
  view.destinations.forEach(fillDestination);
}

function connect() {
  source?.close();
  const query = [...subscribed].map(id => "cluster=" + encodeURIComponent(id)).join("&");
  source = new EventSource("/api/v1/stream?" + query);
  source.addEventListener("clusters", e => JSON.parse(e.data).forEach(view => {
    fillCluster(view);
    fillPaths(view);
  }));
  source.addEventListener("destinations", e => JSON.parse(e.data).forEach(view => {
    fillDestination(view);
    fillKernel(view);
  }));
  source.addEventListener("drains", e => fillDrains(JSON.parse(e.data)));
  source.addEventListener("event", e => addEvent(JSON.parse(e.data)));
  source.addEventListener("revision", e => {
    if (revision !== null && revision !== e.data) {
      subscribed.forEach(loadDestinations);
    }
    revision = e.data;
  });
  source.addEventListener("open", () => document.body.dataset.live = "yes");
  source.addEventListener("error", () => document.body.dataset.live = "no");
}

/** Shows or hides the destinations of a cluster. */
function toggle(button, open) {
  const cluster = button.dataset.toggle;
  const table = document.getElementById(button.getAttribute("aria-controls"));
  button.setAttribute("aria-expanded", open);
  table.hidden = !open;
  if (open) {
    subscribed.add(cluster);
  } else {
    subscribed.delete(cluster);
  }
}

function filter(text) {
  const wanted = text.toLowerCase();
  for (const section of document.querySelectorAll("[data-name]")) {
    section.hidden = !section.dataset.name.toLowerCase().includes(wanted);
  }
}

for (const button of document.querySelectorAll("[data-toggle]")) {
  if (button.getAttribute("aria-expanded") === "true") {
    toggle(button, true);
  }
  button.addEventListener("click", () => {
    toggle(button, button.getAttribute("aria-expanded") !== "true");
    connect();
  });
}
for (const body of document.querySelectorAll("tbody[data-destinations][data-open]")) {
  subscribed.add(body.dataset.destinations);
}
document.getElementById("filter")?.addEventListener("input", e => filter(e.target.value));
document.getElementById("kind")?.addEventListener("change", e => {
  document.querySelector("tbody[data-events]").dataset.only = e.target.value;
});
connect();
