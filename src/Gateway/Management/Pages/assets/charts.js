// Rate, flows in progress and latency of each destination over the last hour.

import { attempt, call, path } from "./api.js";

const place = document.getElementById("charts");
const svg = "http://www.w3.org/2000/svg";
const [width, height, left, bottom] = [600, 160, 44, 18];
const charts = [["rate", "New flows a second"], ["active", "Flows in progress"], ["latency", "Latency in milliseconds"]];
// More lines cannot be told apart.
const mostLines = 8;

function shape(name, attributes, text) {
  const made = document.createElementNS(svg, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.textContent = text ?? "";
  return made;
}

function draw(figure, key, title, destinations, from, to) {
  const values = destinations.flatMap(d => d.points.map(p => p[key] ?? 0));
  const most = Math.max(1, ...values);
  const x = time => left + (time - from) / Math.max(1, to - from) * (width - left);
  const y = value => (height - bottom) * (1 - value / most) + 4;
  const picture = shape("svg", { viewBox: `0 0 ${width} ${height + 8}`, role: "img", "aria-label": `${title} over the last hour, at most ${+most.toFixed(1)}` });
  for (const part of [0, 0.5, 1]) {
    picture.append(
      shape("line", { x1: left, x2: width, y1: y(most * part), y2: y(most * part), class: "grid" }),
      shape("text", { x: left - 4, y: y(most * part) + 4, "text-anchor": "end" }, String(+(most * part).toFixed(1))));
  }
  for (const time of [from, (from + to) / 2, to]) {
    picture.append(shape("text", { x: x(time), y: height + 4, "text-anchor": time === from ? "start" : time === to ? "end" : "middle" },
      new Date(time * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })));
  }
  destinations.forEach((destination, i) => {
    const points = destination.points.filter(p => p[key] !== null);
    picture.append(shape("polyline", { points: points.map(p => `${x(p.time).toFixed(1)},${y(p[key]).toFixed(1)}`).join(" "), class: `line c${i}` }));
  });
  figure.querySelector("svg")?.remove();
  figure.append(picture);
}

async function load() {
  const history = await attempt(() => call("GET", path("clusters", place.dataset.of, "history")));
  if (!history) {
    return;
  }
  const busy = d => d.points.reduce((sum, p) => sum + p.rate + p.active, 0);
  const shown = [...history.destinations].sort((a, b) => busy(b) - busy(a)).slice(0, mostLines);
  const times = shown.flatMap(d => d.points.map(p => p.time));
  const now = Date.now() / 1000;
  const [from, to] = [Math.min(now - 60, ...times), Math.max(now, ...times)];
  for (const [key, title] of charts) {
    draw(document.getElementById(`chart-${key}`), key, title, shown, from, to);
  }
  document.getElementById("legend").replaceChildren(...shown.map((d, i) => {
    const item = document.createElement("li");
    item.className = `c${i}`;
    item.textContent = d.destination;
    return item;
  }));
}

load();
setInterval(load, 10000);
