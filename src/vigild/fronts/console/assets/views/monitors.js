// What is watched besides processes.
import { at, post } from "../api.js";
import { mayOperate, permit } from "../actions.js";
import { toast } from "../dialog.js";
import { h } from "../dom.js";
import { bytes, fineDuration, percent, time } from "../format.js";
import { t } from "../i18n.js";
import { say } from "../said.js";
import { liveCards } from "./cards.js";

// Metrics by what their numbers are (core/monitors.py); all others are shown as they come.
const BYTES = ["memory", "memory_available", "swap", "space", "space_free", "size", "unread", "own_memory", "received", "sent",
  "received_in_hour", "sent_in_hour"];
const SECONDS = ["uptime", "age", "oldest", "response_time", "duration", "service_time"];
const RATES = ["receive_rate", "send_rate", "read_rate", "write_rate"];
const PERCENT = ["cpu", "cpu_user", "cpu_system", "cpu_iowait", "cpu_steal", "memory_percent", "swap_percent", "open_files_percent", "space_percent",
  "inodes_percent", "saturation", "busy", "own_cpu"];

function shown(metric, value) {
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (typeof value !== "number") return h("code", {}, String(value));
  if (BYTES.includes(metric)) return bytes(value);
  if (RATES.includes(metric)) return `${bytes(value)}/s`;
  if (PERCENT.includes(metric)) return percent(value);
  if (SECONDS.includes(metric)) return fineDuration(value);
  return metric === "modified" ? time(value) : String(Math.round(value * 100) / 100);
}

export function showMonitors(place, signal) {
  place.append(h("h1", {}, t("nav.monitors")));

  function button(order, listeners, ...words) {
    const made = h("button", { "data-order": order, ...listeners }, words);
    permit(made, mayOperate());
    return made;
  }

  function card(monitor) {
    const isPaused = monitor.state === "paused";
    const order = isPaused ? "resume" : "pause";
    const values = Object.entries(monitor.values || {}).slice(0, 24);
    const send = async (what) => {
      await post(`/monitors/${at(monitor.name)}/${what}`).catch((error) => toast(error.message, "bad"));
    };
    const isToldTwice = (monitor.text || "").includes(monitor.error);
    return h("article", { class: `card ${monitor.state}`, "data-name": monitor.name },
      h("h2", {}, monitor.name, " ", h("span", { class: `badge monitor ${monitor.state}` }, t(`monitors.state.${monitor.state}`))),
      h("p", { class: "quiet" }, t(`type.${monitor.type}`), monitor.since ? ` · ${t("process.since", { time: time(monitor.since) })}` : ""),
      monitor.error && !isToldTwice && h("p", { class: "bad" }, say(monitor.error)), monitor.text && h("p", { class: monitor.state === "failed" ? "bad" : "" }, (monitor.text || "").split("; ").map(say).join("; ")),
      values.length > 0 && h("details", {}, h("summary", {}, t("monitors.values")), h("table", { class: "plain" }, h("tbody", {}, values.map(([key, value]) =>
        h("tr", {}, h("th", { scope: "row", title: key }, say(key.replaceAll("_", " "))), h("td", {}, shown(key, value))))))),
      h("div", { class: "buttons" }, button("pause", { onclick: () => send(order) }, t(`monitors.${order}`)),
        !isPaused && button("look", { onclick: () => send("look") }, t("monitors.look"))));
  }

  liveCards({ place, signal, kind: "monitor", path: "/monitors", field: "monitors", none: t("monitors.none"), card });
}
