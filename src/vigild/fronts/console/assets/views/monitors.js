// What is watched besides processes.
import { at, get, post } from "../api.js";
import { mayOperate } from "../actions.js";
import { toast } from "../dialog.js";
import { h, replaceCards } from "../dom.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { on } from "../store.js";

export function showMonitors(place, signal) {
  const list = h("div", { class: "cards" });
  place.append(h("h1", {}, t("nav.monitors")), list);

  async function load() {
    try {
      const { monitors } = await get("/monitors");
      if (signal.aborted) return;
      replaceCards(list, monitors.length ? monitors.map(card) : [h("p", { class: "empty" }, t("monitors.none"))]);
    } catch (error) {
      list.replaceChildren(h("p", { class: "quiet" }, error.code === "not_found" ? t("monitors.none") : error.message));
    }
  }

  function card(monitor) {
    const isPaused = monitor.state === "paused";
    const order = isPaused ? "resume" : "pause";
    const values = Object.entries(monitor.values || {}).slice(0, 24);
    const send = async (what) => {
      await post(`/monitors/${at(monitor.name)}/${what}`).catch((error) => toast(error.message, "bad"));
      load();
    };
    const isToldTwice = (monitor.text || "").includes(monitor.error);
    return h("article", { class: `card ${monitor.state}`, "data-name": monitor.name },
      h("h2", {}, monitor.name, " ", h("span", { class: `badge monitor ${monitor.state}` }, t(`monitors.state.${monitor.state}`))),
      h("p", { class: "quiet" }, monitor.type, monitor.since ? ` · ${t("process.since", { time: time(monitor.since) })}` : ""),
      monitor.error && !isToldTwice && h("p", { class: "bad" }, monitor.error), monitor.text && h("p", { class: monitor.state === "failed" ? "bad" : "" }, monitor.text),
      values.length > 0 && h("details", {}, h("summary", {}, t("monitors.values")), h("table", { class: "plain" }, h("tbody", {}, values.map(([key, value]) =>
        h("tr", {}, h("th", { scope: "row" }, key), h("td", {}, String(value))))))),
      h("div", { class: "buttons" }, h("button", { "data-order": "pause", disabled: !mayOperate(), onclick: () => send(order) }, t(`monitors.${order}`)),
        !isPaused && h("button", { "data-order": "look", disabled: !mayOperate(), onclick: () => send("look") }, t("monitors.look"))));
  }

  on(["monitor", "connection"], load, signal);
  const again = setInterval(load, 5000);
  signal.addEventListener("abort", () => clearInterval(again));
  load();
}
