// Calls of the API, and the messages that tell how they went.

const headers = { "X-Gateway-Page": "1", "Accept": "application/json" };

/** Calls the API; throws an Error with the problem's status, title, detail and errors when it refuses. With the revision of the
 * configuration that a change was made for, it refuses (412) when it is another by now. */
export async function call(method, path, body, revision) {
  const options = { method, headers: { ...headers } };
  if (revision) {
    options.headers["If-Match"] = `"${revision}"`;
  }
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch("/api/v1/" + path, options);
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  if (response.ok) {
    return answer;
  }
  if (response.status === 401 && location.pathname !== "/login") {
    location.assign("/login");
  }
  const error = new Error(answer?.title ?? `Status ${response.status}`);
  error.status = response.status;
  error.detail = answer?.detail ?? "";
  error.errors = answer?.errors ?? [];
  throw error;
}

/** A path of the API from its parts. */
export function path(...parts) {
  return parts.map(encodeURIComponent).join("/");
}

/** Shows a message; with an action as a button behind it. */
export function tell(text, action, label) {
  const line = document.createElement("p");
  line.textContent = text;
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", async () => {
      line.remove();
      await attempt(action);
    });
    line.append(" ", button);
  }
  const messages = document.getElementById("messages");
  messages.append(line);
  while (messages.children.length > 4) {
    messages.firstChild.remove();
  }
  setTimeout(() => line.remove(), action ? 60000 : 12000);
}

/** Runs something and shows why it failed, if it does. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    tell([error.message, error.detail, ...(error.errors ?? []).map(describe)].filter(Boolean).join(" "));
    return undefined;
  }
}

/** One error of a configuration in a line. */
export function describe(error) {
  return `${error.key}${error.value === null ? "" : ` '${error.value}'`} ${error.rule}. ${error.remedy}`;
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) {
      made.setAttribute(key, value === true ? "" : value);
    }
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

export function number(value) {
  return value >= 1e9 ? (value / 1e9).toFixed(1) + " G" : value >= 1e6 ? (value / 1e6).toFixed(1) + " M"
    : value >= 1e4 ? (value / 1e3).toFixed(1) + " k" : String(value);
}

export function percent(share) {
  return (share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0) + " %";
}
