// Why this destination?

import { attempt, call, element, path } from "./api.js";

const form = document.getElementById("explain");
const words = text => text.replaceAll("_", " ");

form.addEventListener("submit", async event => {
  event.preventDefault();
  const query = new URLSearchParams();
  for (const name of ["client", "host", "path", "header", "cookie"]) {
    if (form.elements[name].value) {
      query.set(name, form.elements[name].value);
    }
  }
  const answer = await attempt(() => call("GET", `${path("clusters", form.elements.cluster.value, "explain")}?${query}`));
  if (!answer) {
    return;
  }
  document.getElementById("answer").hidden = false;
  document.getElementById("chosen").textContent = answer.chosen ? `It would go to ${answer.chosen}.` : "Nobody certain: see the candidates.";
  document.getElementById("rule").textContent = answer.rule;
  document.getElementById("candidates").replaceChildren(...answer.candidates.map(c => element("tr", { "data-state": c.chosen ? "ready" : "" },
    element("th", { scope: "row" }, c.destination),
    element("td", { "data-label": "Verdict" }, words(c.verdict)),
    element("td", { "data-label": "Weight" }, String(+c.weight.toFixed(2))),
    element("td", { "data-label": "In progress" }, String(c.active + c.inactive)),
    element("td", { "data-label": "Compared" }, c.compared === null ? "–" : String(+c.compared.toFixed(3))))));
});
