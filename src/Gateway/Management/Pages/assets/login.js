import { call } from "./api.js";

const form = document.getElementById("login");
form.addEventListener("submit", async event => {
  event.preventDefault();
  const result = form.querySelector("[role=alert]");
  result.textContent = "";
  try {
    await call("POST", "session", { user: form.elements.user.value, password: form.elements.password.value });
    location.assign("/");
  } catch (error) {
    result.textContent = `${error.message} ${error.detail}`;
  }
});
