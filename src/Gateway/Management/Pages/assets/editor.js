// The configuration editor: a form made of the JSON schema, checked by Gateway itself while one types.

import { attempt, call, describe, element, path, percent, tell } from "./api.js";

const form = document.getElementById("editor");
const fieldsPlace = document.getElementById("fields");
const review = document.getElementById("review");
const kinds = {
  clusters: { at: ["ReverseProxy", "Clusters"], schema: "cluster", name: "cluster" },
  routes: { at: ["ReverseProxy", "Routes"], schema: "route", name: "route" },
  "virtual-servers": { at: ["VirtualServers"], schema: "virtualServer", name: "virtual server" },
};
// What comes first and is open; the rest is folded.
const usual = ["Scheduler", "Persistence", "Probe", "Destinations", "Match"];
let schema = null;
let configuration = null;
let kind = "clusters";
let id = "";
let isNew = false;
let revision = "";
let timer = 0;
let turn = 0;
let made = 0;

const resolve = node => node?.$ref ? { ...schema.definitions[node.$ref.split("/").pop()], ...node } : node ?? {};
const typeOf = node => Array.isArray(node.type) ? node.type[0] : node.type ?? (node.enum ? "string" : "any");
const find = (value, key) => {
  const known = Object.keys(value ?? {}).find(k => k.toLowerCase() === key.toLowerCase());
  return known === undefined ? undefined : value[known];
};

/** A field for one value; getting its value gives undefined when it is empty. */
function field(key, node, value, at) {
  const type = typeOf(node);
  const name = `f${++made}`;
  const hint = `${node.description ?? ""}${node.default !== undefined ? ` Default: ${node.default}.` : ""}`;
  const choices = type === "boolean" ? ["true", "false"] : node.enum;
  const isLong = type === "array" || type === "any" || type === "object";
  const input = choices
    ? element("select", {}, element("option", { value: "" }, node.default !== undefined ? `default (${node.default})` : "not set"),
        ...choices.map(c => element("option", { value: String(c), selected: String(value ?? "").toLowerCase() === String(c).toLowerCase() }, String(c))))
    : isLong ? element("textarea", { rows: 2, spellcheck: "false" })
      : element("input", { type: "text", inputmode: type === "integer" ? "numeric" : null, autocomplete: "off", spellcheck: "false" });
  if (!choices && value !== undefined && value !== null) {
    input.value = isLong ? (type === "array" && Array.isArray(value) && value.every(v => typeof v !== "object") ? value.join("\n") : JSON.stringify(value, null, 2)) : String(value);
  }
  input.id = name;
  input.dataset.path = at.join(":");
  input.setAttribute("aria-describedby", `${name}h ${name}e`);
  input.read = () => {
    const text = input.value.trim();
    if (text === "") {
      return undefined;
    }
    if (type === "array" && !/^[[{]/.test(text)) {
      return text.split("\n").map(line => line.trim()).filter(Boolean);
    }
    if (isLong) {
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    }
    return type === "boolean" ? text === "true" : (type === "integer" || type === "number") && text !== "" && isFinite(text) ? Number(text) : input.value;
  };
  const box = element("div", {},
    element("label", { for: name }, key), input,
    element("div", { class: "hint", id: `${name}h` }, hint),
    element("div", { class: "wrong", id: `${name}e` }));
  box.read = input.read;
  return box;
}

/** The fields of a section; reading gives undefined when nothing in it is set and it was not there. */
function section(node, value, at) {
  const place = element("div");
  const simple = element("div", { class: "fields" });
  place.append(simple);
  const readers = [];
  const known = new Set();
  const properties = Object.entries(node.properties ?? {}).filter(([, child]) => !resolve(child).not);
  const rank = key => usual.includes(key) ? usual.indexOf(key) : 99;
  for (const [key, raw] of properties.sort((a, b) => rank(a[0]) - rank(b[0]))) {
    const child = resolve(raw);
    const present = find(value, key);
    known.add(key.toLowerCase());
    if (child.properties || (typeOf(child) === "object" && child.additionalProperties?.$ref)) {
      const inner = child.properties ? section(child, present, [...at, key]) : map(child, present, [...at, key]);
      const isOpen = present !== undefined || key === "Destinations";
      place.append(element("details", { open: isOpen }, element("summary", {}, key), element("p", { class: "hint" }, child.description ?? ""), inner));
      readers.push([key, inner.read]);
    } else {
      const inner = field(key, child, present, [...at, key]);
      simple.append(inner);
      readers.push([key, inner.read]);
    }
  }
  // What the schema does not name stays as it is.
  const others = Object.entries(value ?? {}).filter(([key]) => !known.has(key.toLowerCase()));
  place.read = () => {
    const result = Object.fromEntries(others);
    for (const [key, read] of readers) {
      const inner = read();
      if (inner !== undefined) {
        result[key] = inner;
      }
    }
    return Object.keys(result).length > 0 || (value !== undefined && Object.keys(value).length === 0) ? result : undefined;
  };
  return place;
}

/** Sections by name, to which some can be added. */
function map(node, value, at) {
  const place = element("div");
  const list = element("div");
  const inner = resolve(node.additionalProperties);
  const add = (name, content) => {
    const input = element("input", { type: "text", value: name, "aria-label": `Name in ${at.at(-1)}`, autocomplete: "off" });
    const remove = element("button", { type: "button", "aria-label": `Remove ${name || "this one"}` }, "Remove");
    const body = section(inner, content, [...at, name]);
    const box = element("fieldset", {}, element("legend", {}, name || "new"), element("div", { class: "buttons" }, input, remove), body);
    box.key = () => input.value.trim();
    box.read = body.read;
    input.addEventListener("change", () => box.querySelectorAll("[data-path]").forEach(f => {
      f.dataset.path = [...at, input.value.trim(), ...f.dataset.path.split(":").slice(at.length + 1)].join(":");
    }));
    remove.addEventListener("click", () => {
      box.remove();
      changed();
    });
    list.append(box);
    return input;
  };
  Object.entries(value ?? {}).forEach(([name, content]) => add(name, content));
  const more = element("button", { type: "button" }, `Add to ${at.at(-1)}`);
  more.addEventListener("click", () => add("", undefined).focus());
  place.append(list, more);
  place.read = () => {
    const entries = [...list.children].filter(box => box.key() !== "").map(box => [box.key(), box.read() ?? {}]);
    return entries.length > 0 || value !== undefined ? Object.fromEntries(entries) : undefined;
  };
  return place;
}

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
  review.replaceChildren(...(error
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
    const result = await call("PUT", `${target()}?${options(true)}`, value());
    if (mine === turn) {
      show(result);
    }
  } catch (error) {
    if (mine === turn) {
      show(null, error);
    }
  }
}

const target = () => "configuration/" + path(kind, name());

function changed() {
  clearTimeout(timer);
  timer = setTimeout(check, 250);
}

async function send(method, query) {
  const result = await attempt(() => call(method, `${target()}?${query}`, method === "PUT" ? value() : undefined));
  if (result) {
    tell(result.pending ? "In force. Confirm it, or it rolls back." : `In force as version ${result.version}.`);
    document.dispatchEvent(new CustomEvent("gateway:pending"));
    await load(name());
  }
}

function build() {
  const { at, schema: definition, name: word } = kinds[kind];
  const all = at.reduce((node, key) => find(node, key), configuration) ?? {};
  const ids = Object.keys(all);
  form.elements.id.replaceChildren(...ids.map(i => element("option", { value: i, selected: i === id }, i)), element("option", { value: "", selected: isNew }, `New ${word} …`));
  isNew = isNew || !ids.includes(id);
  document.getElementById("newname").hidden = !isNew;
  form.elements.remove.hidden = isNew;
  document.getElementById("about").textContent = isNew ? `New ${word}` : `${word} ${id}`;
  fieldsPlace.replaceChildren(section(resolve(schema.definitions[definition]), isNew ? {} : all[id], [...at, id]));
  review.replaceChildren();
  form.elements.apply.disabled = true;
}

async function load(wanted) {
  const answer = await call("GET", "configuration");
  configuration = answer.configuration;
  revision = answer.revision;
  document.getElementById("revision").textContent = revision;
  const all = kinds[kind].at.reduce((node, key) => find(node, key), configuration) ?? {};
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
      const result = await call("POST", `configuration/versions/${v.number}/restore?${options(false)}`);
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
