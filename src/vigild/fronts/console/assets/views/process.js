// One process: how it is, charts, its log, its history with the story of the last failure, configuration, descendants.
import { act, mayOperate, permit } from "../actions.js";
import { plain } from "../ansi.js";
import { at, get, post } from "../api.js";
import { toast } from "../dialog.js";
import { h, setText } from "../dom.js";
import { bytes, duration, percent, time } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { say, sayStory } from "../said.js";
import { on, store } from "../store.js";
import { factList } from "./events.js";
import { chartsOf } from "./charts.js";
import { showLog } from "./log.js";
import { flatten, isUnset, optionName, shownValue } from "./values.js";
import { inTrouble, pathOf, remarks, runs, stateBadge, updateBadge } from "./words.js";

const TABS = ["overview", "log", "history", "config", "tree"];
const OWN = { name: "col.name", kind: "history.kind", where: "field.where" }; // no options: what the reader made of them

export function showProcess(place, signal, name, tab = "overview") {
  const process = () => store.processes.get(name);
  const badge = stateBadge("UNKNOWN");
  const note = h("p", { class: "remarks" });
  const buttons = ["start", "stop", "restart", "signal"].map((action) =>
    h("button", { class: `act ${action}`, onclick: () => act(action, [name]) }, icon(action), " ", t(`do.${action}`)));
  const pausing = h("button", { class: "act schedule", hidden: true, onclick: switchSchedule });
  const tabs = h("nav", { class: "tabs", "aria-label": name }, TABS.map((one) =>
    h("a", { href: `${pathOf(name)}/${one}`, "aria-current": one === tab ? "page" : null }, t(`process.${one}`))));
  const content = h("div", { class: "tab" });
  place.append(h("div", { class: "title" }, h("h1", {}, name), badge, h("div", { class: "buttons" }, buttons, pausing)), note, tabs, content);

  function refresh() {
    const now = process();
    if (!now) {
      setText(note, t("process.missing", { name }));
      buttons.forEach((button) => (button.disabled = true));
      badge.hidden = pausing.hidden = true;
      return;
    }
    updateBadge(badge, now.state);
    badge.hidden = false;
    setText(note, remarks(now));
    const isUp = ["RUNNING", "STARTING", "BACKOFF"].includes(now.state);
    buttons.forEach((button, index) => {
      permit(button, mayOperate());
      button.disabled ||= [isUp, !isUp, false, !now.pid][index];
    });
    const order = now.schedule?.paused ? "resume" : "pause";
    pausing.hidden = !now.schedule;
    if (pausing.dataset.order !== order) {
      pausing.dataset.order = order;
      pausing.replaceChildren(icon(order === "pause" ? "pause" : "start"), " ", t(`schedule.${order}`));
    }
    permit(pausing, mayOperate());
  }

  // Only what the daemon says of it is shown, as of every order.
  async function switchSchedule() {
    const order = pausing.dataset.order;
    try {
      await post(`/processes/${at(name)}/schedule/${order}`);
      toast(t(`schedule.done.${order}`, { name }), "good");
    } catch (error) {
      toast(error.message, "bad");
    }
  }

  on(["all", "connection"], refresh, signal);
  on(["process"], ({ detail }) => detail.name === name && refresh(), signal);
  refresh();
  const show = { overview: showFacts, log: showLog, history: showHistory, config: showConfig, tree: showTree }[tab] || showFacts;
  show(content, signal, name);
}

function showFacts(place, signal, name) {
  const list = h("dl", { class: "facts" });
  const charts = h("section", {});
  const why = h("section", { class: "why" });
  const process = store.processes.get(name); // what is wrong comes first
  place.append(list, ...(process && inTrouble(process) ? [why, charts] : [charts, why]));

  function facts() {
    const process = store.processes.get(name);
    if (!process) return;
    const sample = process.usage || {};
    const pairs = [
      ["field.group", process.group],
      ["col.pid", process.pid || t("none")],
      ["col.uptime", process.state === "RUNNING" ? `${duration(store.now() - process.started_at)} (${t("process.since", { time: time(process.started_at) })})` : ""],
      ["field.exit", process.exit_signal || process.exit_status],
      ["field.ready", process.state === "RUNNING" ? t(process.ready ? "yes" : "no") : ""],
      ["col.health", process.health ? `${t(`health.${process.health.state}`)}: ${say(process.health.answer)} (${Math.round(process.health.latency_ms)} ms)` : ""],
      ["col.cpu", process.pid ? percent(sample.cpu_percent) : ""],
      ["col.memory", process.pid ? bytes(sample.rss_bytes) : ""],
      ["field.threads", process.pid ? sample.threads ?? "" : ""],
      ["field.files", process.pid ? sample.open_files ?? "" : ""],
      ["col.restarts", process.restarts || ""],
      ["field.schedule", process.schedule && [process.schedule.expression, process.schedule.timezone].filter(Boolean).join(" · ")],
      ["field.runs", process.schedule && runs(process.schedule).join(" · ")],
      ["field.status_text", process.status_text],
      ["field.left_behind", process.left_behind.map((one) => `${one.name} (${one.pid})`).join(", ")],
    ];
    list.replaceChildren(...pairs.filter(([, value]) => value !== "" && value !== undefined && value !== null).map(([label, value]) =>
      h("div", {}, h("dt", {}, t(label)), h("dd", {}, String(value)))));
  }

  on(["all", "samples", "connection"], facts, signal);
  on(["process"], ({ detail }) => detail.name === name && facts(), signal);
  const ticking = setInterval(facts, 1000);
  signal.addEventListener("abort", () => clearInterval(ticking));
  facts();
  chartsOf(charts, signal, `/processes/${at(name)}/samples`, () => store.series.get(name)?.usages || []);
  tellWhy(why, name);
}

async function tellWhy(place, name) {
  place.append(h("h2", {}, t("process.why")));
  try {
    const { story } = await get(`/processes/${at(name)}/why`);
    for (const { part, heading, sentences } of story) {
      const isOutput = ["stderr", "stdout"].includes(part);
      if (heading) place.append(h("h3", {}, t(`why.${part}`)));
      place.append(h(isOutput ? "pre" : "p", { class: "lined" }, sentences.map((one) => (isOutput ? plain(one.text) : sayStory(one))).join("\n")));
    }
  } catch (error) {
    place.append(h("p", { class: "quiet" }, error.code === "no_failure" ? t("process.nowhy") : error.message));
  }
}

function showHistory(place, signal, name) {
  const why = h("section", { class: "why" });
  place.append(why);
  tellWhy(why, name);
  factList(place, signal, { name });
}

async function showConfig(place, signal, name) {
  const set = h("tbody", {}), unset = h("code", { class: "quiet" });
  const head = h("thead", {}, h("tr", {}, ["option", "value"].map((one) => h("th", { scope: "col" }, t(`field.${one}`)))));
  const reveal = store.role === "admin" && h("button", { onclick: () => load(true) }, t("process.reveal"));
  const others = h("details", {}, h("summary", {}), unset);
  place.append(h("p", { class: "quiet" }, t("process.hidden"), " ", reveal), h("table", { class: "plain config" }, head, set), others);
  async function load(revealed) {
    try {
      const config = flatten(await get(`/processes/${at(name)}/config`, revealed ? { reveal: "true" } : {}));
      if (signal.aborted) return;
      set.replaceChildren(...config.filter(([, value]) => !isUnset(value)).map(([field, value]) =>
        h("tr", {}, h("th", { scope: "row", title: field }, OWN[field] ? t(OWN[field]) : optionName(field)), h("td", { class: "lined" }, shownValue(value, field)))));
      const idle = config.filter(([, value]) => isUnset(value)).map(([field]) => optionName(field));
      setText(others.firstChild, t("process.unset", { count: idle.length }));
      setText(unset, idle.join(", "));
      if (revealed) reveal.remove();
    } catch (error) {
      toast(error.message, "bad");
    }
  }
  await load(false);
}

async function showTree(place, signal, name) {
  const list = h("div", {});
  place.append(list);
  async function load() {
    try {
      const { processes } = await get(`/processes/${at(name)}/tree`);
      if (signal.aborted) return;
      const below = new Map();
      const pids = new Set(processes.map((one) => one.pid));
      for (const one of processes) {
        const parent = pids.has(one.parent_pid) ? one.parent_pid : 0;
        below.set(parent, [...(below.get(parent) || []), one]);
      }
      const branch = (pid) => below.has(pid) && h("ul", { class: "tree" }, below.get(pid).map((one) =>
        h("li", {}, h("code", {}, `${one.pid} ${one.name}`), branch(one.pid))));
      list.replaceChildren(branch(0) || h("p", { class: "quiet" }, t("none")));
    } catch (error) {
      list.replaceChildren(h("p", { class: "quiet" }, error.message));
    }
  }
  const again = setInterval(load, 5000);
  signal.addEventListener("abort", () => clearInterval(again));
  await load();
}
