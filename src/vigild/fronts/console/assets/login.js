// Logging in where the daemon asks for a name and a password.
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { problemWords } from "./said.js";

export function showLogin(place) {
  if (place.querySelector("form.login")) return;
  const user = h("input", { id: "user", name: "username", autocomplete: "username", required: true });
  const password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true });
  const wrong = h("p", { class: "bad", role: "alert" });
  const form = h("form", { class: "login" }, h("h1", {}, t("login.title")),
    h("label", { for: "user" }, t("login.user")), user, h("label", { for: "password" }, t("login.password")), password,
    wrong, h("button", { class: "primary" }, t("login.do")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = JSON.stringify({ username: user.value, password: password.value });
    const answer = await fetch("/login", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (answer.ok) return location.reload();
    const told = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : {};
    wrong.textContent = answer.status === 401 ? t("login.wrong") : (told.code ? problemWords(told) : told.detail) || t("failed", { error: answer.status });
    password.select();
  });
  document.body.classList.add("locked");
  place.replaceChildren(form);
  user.focus();
}

export async function logOut() {
  await fetch("/logout", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  location.reload();
}
