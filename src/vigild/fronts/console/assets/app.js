// The frame of the console: pages by what stands after the #, language, theme, and how the connection is.
import { whenUnauthorized } from "./api.js";
import { followBookmark } from "./bookmarks.js";
import { messageDialog, toast } from "./dialog.js";
import { h, setText } from "./dom.js";
import { duration } from "./format.js";
import { icon } from "./icons.js";
import { language, setLanguage, t } from "./i18n.js";
import { logOut, showLogin } from "./login.js";
import { store } from "./store.js";
import { showAlerts } from "./views/alerts.js";
import { showConfig } from "./views/config.js";
import { showDaemon } from "./views/daemon.js";
import { showEvents } from "./views/events.js";
import { showForwards } from "./views/forwards.js";
import { showGraph } from "./views/graph.js";
import { showMonitors } from "./views/monitors.js";
import { showOverview } from "./views/overview.js";
import { showProcess } from "./views/process.js";

const PAGES = { "": showOverview, graph: showGraph, monitors: showMonitors, alerts: showAlerts, forwards: showForwards, events: showEvents, config: showConfig, daemon: showDaemon };
const THEMES = ["auto", "light", "dark"];

let view = null; // aborts what the page before listens to
const main = h("main", { id: "main", tabindex: "-1" });
const banner = h("div", { id: "banner", role: "alert", hidden: true });
const status = h("span", { id: "status", role: "status" });

function applyTheme() {
  const theme = localStorage.getItem("vigil.theme") || "auto";
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
  return theme;
}

function frame() {
  const theme = applyTheme();
  const links = Object.keys(PAGES).map((page) =>
    h("a", { href: `#/${page}`, "data-page": page }, t(`nav.${page || "overview"}`)));
  const other = language() === "zh" ? "en" : "zh";
  const nav = h("nav", { id: "nav", "aria-label": t("nav.label") }, links);
  const menu = h("button", { class: "menu", "aria-expanded": "false", "aria-controls": "nav", "aria-label": t("menu"),
    onclick: () => menu.setAttribute("aria-expanded", String(document.body.classList.toggle("menu-open"))) }, icon("menu"));
  const themeButton = h("button", { class: "link", onclick: () => {
    localStorage.setItem("vigil.theme", THEMES[(THEMES.indexOf(applyTheme()) + 1) % THEMES.length]);
    setText(themeButton, t(`theme.${applyTheme()}`));
  } }, t(`theme.${theme}`));
  const languageButton = h("button", { class: "link", lang: other === "zh" ? "zh-CN" : "en", onclick: () => {
    setLanguage(other);
    frame();
    route();
    showConnection();
  } }, t("language"));
  const who = store.who ? `${store.who} · ` : "";
  document.getElementById("app").replaceChildren(
    h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, t("nav.skip")),
    h("header", {}, menu, h("a", { class: "brand", href: "#/" }, "Vigil"),
      h("span", { class: "identifier" }, store.daemon ? store.daemon.identifier : ""), status, nav),
    banner, main,
    h("footer", {}, languageButton, themeButton, h("span", { class: "quiet who" }, who + t(`role.${store.role}`)),
      store.via === "session" && h("button", { class: "link", onclick: logOut }, t("logout")),
      h("a", { href: "/api/v1/docs" }, "API"), h("span", { class: "quiet" }, store.daemon ? `Vigil ${store.daemon.version}` : "")),
  );
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a link that was cut off, or a name with a % that nobody escaped
  }
}

function route() {
  if (view) view.abort();
  view = new AbortController();
  const [page, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === (page === "process" ? "" : page)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.body.classList.remove("menu-open");
  const show = page === "process" ? (place, signal) => showProcess(place, signal, rest[0], rest[1]) : PAGES[page] || showOverview;
  document.title = `${page === "process" ? rest[0] : t(`nav.${PAGES[page] ? page || "overview" : "overview"}`)} · Vigil`;
  main.replaceChildren();
  show(main, view.signal);
}

function showConnection() {
  document.body.classList.toggle("stale", !store.connected && Boolean(store.lostAt));
  setText(status, store.connected ? `● ${t("live")}` : `○ ${t("live.connecting")}`);
  status.className = store.connected ? "good" : "quiet";
  banner.hidden = store.connected || !store.lostAt;
  if (!banner.hidden) setText(banner, t("live.lost", { time: duration((Date.now() - store.lostAt) / 1000) }));
}

function showKeys() {
  const rows = ["/", "j", "k", "x", "Enter", "g", "?"].map((key) =>
    h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, t(`keys.${key}`))));
  messageDialog(t("keys.title"), h("table", { class: "plain" }, h("tbody", {}, rows)));
}

function onKey(event) {
  const field = event.target.closest("input, textarea, select, dialog");
  if (field || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") showKeys();
  else if (event.key === "g") location.hash = "#/";
  else main.dispatchEvent(new CustomEvent("vigil-key", { detail: event }));
}

async function begin() {
  applyTheme();
  frame();
  whenUnauthorized(() => showLogin(main));
  let wasLost = false;
  store.addEventListener("connection", () => {
    if (store.connected && wasLost) toast(t("live.back"), "good");
    wasLost = !store.connected;
    showConnection();
  });
  store.addEventListener("denied", (event) => {
    if (event.detail.status === 401) showLogin(main);
    else main.replaceChildren(h("p", { class: "bad" }, t("login.denied", { error: event.detail.message })));
  });
  setInterval(showConnection, 1000);
  document.addEventListener("keydown", onKey);
  await store.open();
  frame();
  showConnection();
  if (!document.querySelector("form.login")) {
    addEventListener("hashchange", () => { route(); main.focus({ preventScroll: true }); });
    route();
    followBookmark();
  }
}

begin();
