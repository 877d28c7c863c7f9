// The configuration editor: a form made of the JSON schema, checked by Gateway itself while one types.

import { attempt, call, describe, element, path, percent, tell } from "./api.js";
import { find, formOf } from "./fields.js";
import { differences, merge } from "./meanwhile.js";

const form = document.getElementById("editor");
const fieldsPlace = document.getElementById("fields");
const review = document.getElementById("review");
const kinds = {
  clusters: { at: ["ReverseProxy", "Clusters"], schema: "cluster", name: "cluster" },
  routes: { at: ["ReverseProxy", "Routes"], schema: "route", name: "route" },
  "virtual-servers": { at: ["VirtualServers"], schema: "virtualServer", name: "virtual server" },
};
let schema = null;
let configuration = null;
let kind = "clusters";
let id = "";
let isNew = false;
let revision = "";
// What the form read when it was made of what is in force, and what others have put in force since.
let loaded = {};
let meanwhile = [];
let timer = 0;
let turn = 0;

const value = () => fieldsPlace.firstElementChild?.read() ?? {};
const name = () => isNew ? form.elements.name.value.trim() : id;

function options(dryRun) {
  const query = new URLSearchParams();
  if (dryRun) {
    query.set("dryRun", "true");
    return query;
  }
  for (const key of ["comment", "minReady", "maxErrorRate"]) {
    if (form.elements[key].value) {
      query.set(key, form.elements[key].value);
    }
  }
  const seconds = Number(form.elements.confirm.value);
  if (seconds > 0) {
    query.set("confirm", new Date(seconds * 1000).toISOString().slice(11, 19));
  } else {
    query.delete("minReady");
    query.delete("maxErrorRate");
  }
  return query;
}

function showErrors(errors) {
  for (const input of fieldsPlace.querySelectorAll("[data-path]")) {
    input.removeAttribute("aria-invalid");
    document.getElementById(`${input.id}e`).textContent = "";
  }
  const rest = [];
  for (const error of errors) {
    const input = [...fieldsPlace.querySelectorAll("[data-path]")].find(f => {
      const at = f.dataset.path.toLowerCase();
      const key = error.key.toLowerCase();
      return key === at || key.startsWith(at + ":");
    });
    if (input) {
      input.setAttribute("aria-invalid", "true");
      document.getElementById(`${input.id}e`).textContent = `${error.rule}. ${error.remedy}`;
      input.closest("details")?.setAttribute("open", "");
    } else {
      rest.push(describe(error));
    }
  }
  return rest;
}

function list(title, items) {
  return items.length === 0 ? [] : [element("h3", {}, title), element("ul", {}, ...items.map(item => element("li", {}, item)))];
}

function show(result, error) {
  const rest = showErrors(error?.errors ?? []);
  form.elements.apply.disabled = Boolean(error) || result.differences.length === 0;
  review.replaceChildren(...list("Changed meanwhile by somebody else", meanwhile), ...(error
    ? [element("p", { class: "wrong" }, error.message), ...list("Errors", rest)]
    : [
        element("p", {}, result.differences.length === 0 ? "Nothing differs from what is in force." : `Right. ${result.differences.length} values differ:`),
        ...list("Differences", result.differences.map(d => `${d.key}: ${d.before ?? "not set"} → ${d.after ?? "not set"}`)),
        ...list("Share of new flows, predicted", result.shares.filter(s => s.before !== s.after)
          .map(s => `${s.destination}: ${percent(s.before)} → ${percent(s.after)}`)),
        ...list("Warnings", result.warnings.map(describe)),
      ]));
}

async function check() {
  const mine = ++turn;
  if (isNew && name() === "") {
    return;
  }
  try {
    const result = await call("PUT", `${target()}?${options(true)}`, value(), revision);
    if (mine === turn) {
      show(result);
    }
  } catch (error) {
    if (mine === turn && error.status === 412) {
      await attempt(catchUp);
    } else if (mine === turn) {
      show(null, error);
    }
  }
}

const target = () => "configuration/" + path(kind, name());

function changed() {
  clearTimeout(timer);
  timer = setTimeout(check, 250);
}

/** Changes something unless somebody else has meanwhile; then it tells what, and the entries are put on top of that. */
async function change(method, path, body) {
  try {
    return await call(method, path, body, revision);
  } catch (error) {
    if (error.status === 412) {
      await catchUp();
      throw new Error("Nothing has changed: somebody else changed the configuration meanwhile. The review tells what; your entries are on top of it.");
    }
    throw error;
  }
}

async function send(method, query) {
  const result = await attempt(() => change(method, `${target()}?${query}`, method === "PUT" ? value() : undefined));
  if (result) {
    tell(result.pending ? "In force. Confirm it, or it rolls back." : `In force as version ${result.version}.`);
    document.dispatchEvent(new CustomEvent("gateway:pending"));
    await load(name());
  }
}

function build() {
  const { at, schema: definition, name: word } = kinds[kind];
  const all = inForce();
  const ids = Object.keys(all);
  form.elements.id.replaceChildren(...ids.map(i => element("option", { value: i, selected: i === id }, i)), element("option", { value: "", selected: isNew }, `New ${word} …`));
  isNew = isNew || !ids.includes(id);
  document.getElementById("newname").hidden = !isNew;
  form.elements.remove.hidden = isNew;
  document.getElementById("about").textContent = isNew ? `New ${word}` : `${word} ${id}`;
  fieldsPlace.replaceChildren(formOf(schema, definition, isNew ? {} : all[id], [...at, id]));
  loaded = value();
  review.replaceChildren();
  form.elements.apply.disabled = true;
}

/** All things of the kind that is edited, by their ids. */
const inForce = () => kinds[kind].at.reduce((node, key) => find(node, key), configuration) ?? {};

async function read() {
  const answer = await call("GET", "configuration");
  configuration = answer.configuration;
  revision = answer.revision;
  document.getElementById("revision").textContent = revision;
}

/** Reads what others have put in force since the form was made, and puts the entries on top of it. */
async function catchUp() {
  const [before, entries, base, wanted, focused] = [configuration, value(), loaded, name(), document.activeElement];
  const [field, caret] = [focused?.dataset?.path, focused?.selectionStart];
  await read();
  meanwhile = [...meanwhile, ...differences(before, configuration)];
  const theirs = wanted === "" ? undefined : Object.keys(inForce()).find(key => key.toLowerCase() === wanted.toLowerCase());
  id = theirs ?? "";
  isNew = theirs === undefined;
  build();
  form.elements.name.value = isNew ? wanted : "";
  const { at, schema: definition } = kinds[kind];
  fieldsPlace.replaceChildren(formOf(schema, definition, isNew ? entries : merge(base, entries, loaded), [...at, wanted]));
  const input = [...fieldsPlace.querySelectorAll("[data-path]")].find(each => each.dataset.path === field);
  for (let place = input?.closest("details"); place; place = place.parentElement.closest("details")) {
    place.open = true;
  }
  input?.focus();
  if (typeof caret === "number") {
    input?.setSelectionRange?.(caret, caret);
  }
  await versions();
  await check();
}

async function load(wanted) {
  await read();
  meanwhile = [];
  const all = inForce();
  id = wanted && find(all, wanted) !== undefined ? wanted : Object.keys(all)[0] ?? "";
  isNew = id === "";
  build();
  await versions();
}

async function versions() {
  const known = await call("GET", "configuration/versions");
  document.getElementById("versions").replaceChildren(...known.map(v => {
    const button = element("button", { type: "button", "aria-label": `Restore version ${v.number}` }, "Restore");
    button.addEventListener("click", () => attempt(async () => {
      const result = await change("POST", `configuration/versions/${v.number}/restore?${options(false)}`);
      tell(result.pending ? "In force. Confirm it, or it rolls back." : `Version ${v.number} is in force again, as ${result.version ?? "before"}.`);
      document.dispatchEvent(new CustomEvent("gateway:pending"));
      await load(id);
    }));
    return element("tr", {},
      element("th", { scope: "row" }, String(v.number)),
      element("td", { "data-label": "Time" }, new Date(v.time).toLocaleString()),
      element("td", { "data-label": "Who" }, v.by),
      element("td", { "data-label": "What", class: "all" }, v.comment || `${v.changes.length} values`),
      element("td", {}, button));
  }));
}

form.addEventListener("input", event => {
  if (event.target.name === "name") {
    const depth = kinds[kind].at.length;
    for (const input of fieldsPlace.querySelectorAll("[data-path]")) {
      const parts = input.dataset.path.split(":");
      parts[depth] = name();
      input.dataset.path = parts.join(":");
    }
  }
  if (event.target.closest("#fields") || event.target.name === "name") {
    changed();
  }
});
form.elements.kind.addEventListener("change", () => {
  kind = form.elements.kind.value;
  attempt(() => load());
});
form.elements.id.addEventListener("change", () => {
  id = form.elements.id.value;
  isNew = id === "";
  build();
});
form.addEventListener("submit", event => {
  event.preventDefault();
  send("PUT", options(false));
});
form.elements.remove.addEventListener("click", () => send("DELETE", options(false)));
document.addEventListener("gateway:settled", () => attempt(() => load(id)));
await attempt(async () => {
  schema = await call("GET", "configuration/schema");
  const wanted = new URLSearchParams(location.search);
  if (kinds[wanted.get("kind")]) {
    kind = wanted.get("kind");
    form.elements.kind.value = kind;
  }
  await load(wanted.get("id"));
});
