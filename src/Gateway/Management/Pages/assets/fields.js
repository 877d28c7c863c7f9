// A form made of a JSON schema: each part reads back what stands in it, and undefined when nothing does.

import { element } from "./api.js";
import { same } from "./meanwhile.js";

// What comes first and is open; the rest is folded.
const usual = ["Scheduler", "Persistence", "Probe", "Destinations", "Match"];
let definitions = {};
let made = 0;

const resolve = node => node?.$ref ? { ...definitions[node.$ref.split("/").pop()], ...node } : node ?? {};
const typeOf = node => Array.isArray(node.type) ? node.type[0] : node.type ?? (node.enum ? "string" : "any");
/** What stands in an object at a key, whatever its case. */
export const find = (value, key) => {
  const known = Object.keys(value ?? {}).find(k => k.toLowerCase() === key.toLowerCase());
  return known === undefined ? undefined : value[known];
};

/** What is typed as the value it stands for; undefined when it is empty. A list has one word a line, or is JSON. */
function parse(typed, type, items) {
  const text = typed.trim();
  if (text === "") {
    return undefined;
  }
  if (type === "array" || type === "any" || type === "object") {
    try {
      const value = JSON.parse(text);
      if (type !== "array" || typeof value === "object") {
        return value;
      }
    } catch {
      // Words, or JSON that is not whole yet, which Gateway refuses.
    }
    return type !== "array" ? text : text.split("\n").map(line => line.trim()).filter(Boolean)
      .map(word => items === "integer" && /^\d+$/.test(word) ? Number(word) : word);
  }
  return type === "boolean" ? text === "true" : (type === "integer" || type === "number") && isFinite(text) ? Number(text) : typed;
}

/** A field for one value; getting its value gives undefined when it is empty. */
function field(key, node, value, at) {
  const type = typeOf(node);
  const name = `f${++made}`;
  const hint = `${node.description ?? ""}${type === "array" && typeOf(resolve(node.items)) !== "object" ? " One a line, or a list in JSON." : ""}${node.default !== undefined ? ` Default: ${node.default}.` : ""}`;
  const choices = type === "boolean" ? ["true", "false"] : node.enum;
  const isLong = type === "array" || type === "any" || type === "object";
  const input = choices
    ? element("select", {}, element("option", { value: "" }, node.default !== undefined ? `default (${node.default})` : "not set"),
        ...choices.map(c => element("option", { value: String(c), selected: String(value ?? "").toLowerCase() === String(c).toLowerCase() }, String(c))))
    : isLong ? element("textarea", { rows: 2, spellcheck: "false" })
      : element("input", { type: "text", inputmode: type === "integer" ? "numeric" : null, autocomplete: "off", spellcheck: "false" });
  const items = typeOf(resolve(node.items));
  // Where what is typed would be read as something else, such as words with blanks at their ends, the value stands as JSON.
  let isJson = false;
  if (!choices && value !== undefined && value !== null) {
    input.value = type === "array" && Array.isArray(value) ? value.join("\n") : typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
    const read = parse(input.value, type, items);
    isJson = isLong ? !same(read, type === "array" && !Array.isArray(value) ? [value] : value) : String(read) !== String(value);
    if (isJson) {
      input.value = isLong ? JSON.stringify(value, null, 2) : JSON.stringify(value);
    }
  }
  const shown = input.value;
  input.id = name;
  input.dataset.path = at.join(":");
  input.setAttribute("aria-describedby", `${name}h ${name}e`);
  input.read = () => {
    if (input.value === shown) {
      return value ?? undefined;
    }
    if (isJson) {
      try {
        return JSON.parse(input.value);
      } catch {
        // As any other entry.
      }
    }
    return parse(input.value, type, items);
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
      // As after any other change: whoever listens to the form checks it anew.
      place.dispatchEvent(new Event("input", { bubbles: true }));
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

/** The form of a definition of the schema. */
export function formOf(schema, definition, value, at) {
  definitions = schema.definitions;
  return section(resolve(definitions[definition]), value, at);
}
