// All processes: made once, changed where something changed. A thousand rows are one table.
import { act, mayOperate } from "../actions.js";
import { sparkline, updateSparkline } from "../chart.js";
import { get } from "../api.js";
import { h, setAttribute, setText } from "../dom.js";
import { bytes, duration, percent } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { say } from "../said.js";
import { on, store } from "../store.js";
import { inTrouble, pathOf, remarks, stateBadge, updateBadge } from "./words.js";

const CHIPS = {
  all: () => true,
  trouble: inTrouble,
  up: (process) => process.state === "RUNNING",
  down: (process) => ["STOPPED", "EXITED", "FATAL", "UNKNOWN"].includes(process.state),
};
const TROUBLE_FIRST = ["FATAL", "BACKOFF", "UNKNOWN", "STARTING", "STOPPING", "RUNNING", "EXITED", "STOPPED"];
const FILL_MS = 150; // who scrolls past a row does not ask for it
const FIRST = 60, BATCH = 250; // rows a frame: the first screen is painted before the last row is made

let configPath = "";
const remembered = { filter: "", chip: "all", grouping: "none", collapsed: new Set(), selected: new Set() };

class Row {
  constructor(process, toggle) {
    this.name = process.name;
    this.box = h("input", { type: "checkbox", "aria-label": t("overview.select", { name: process.name }), onchange: () => toggle(this) });
    this.badge = stateBadge(process.state);
    this.health = h("span", {});
    this.cpu = h("span", { class: "figure" });
    this.memory = h("span", { class: "figure" });
    this.cpuLine = sparkline(t("col.cpu"));
    this.memoryLine = sparkline(t("col.memory"));
    this.isSeen = false; // only then its lines are drawn
    this.uptime = h("td", { class: "c-uptime", "data-label": t("col.uptime") });
    this.restarts = h("td", { class: "c-restarts number", "data-label": t("col.restarts") });
    this.pid = h("td", { class: "c-pid number", "data-label": t("col.pid") });
    this.note = h("span", {});
    this.noteCell = h("td", { class: "c-note" }, this.note);
    this.buttons = ["start", "stop", "restart"].map((action) =>
      h("button", { class: `act ${action}`, title: t(`do.${action}`), "aria-label": `${t(`do.${action}`)}: ${process.name}`,
        onclick: () => act(action, [this.name]) }, icon(action)));
    this.titles = this.buttons.map((button) => button.title);
    this.link = h("a", { href: pathOf(process.name), title: process.name }, process.name);
    this.element = h("tr", { "data-name": process.name },
      h("td", { class: "c-box" }, this.box), h("td", { class: "c-state" }, this.badge),
      h("th", { scope: "row", class: "c-name" }, this.link), h("td", { class: "c-health", "data-label": t("col.health") }, this.health),
      h("td", { class: "c-cpu", "data-label": t("col.cpu") }, this.cpu, this.cpuLine),
      h("td", { class: "c-memory", "data-label": t("col.memory") }, this.memory, this.memoryLine),
      this.uptime, this.restarts, this.pid, this.noteCell, h("td", { class: "c-actions" }, this.buttons));
    this.update(process);
  }

  update(process) {
    this.process = process;
    this.text = `${process.name} ${process.group} ${process.state} ${process.health ? process.health.state : ""} ${remarks(process)}`.toLowerCase();
    updateBadge(this.badge, process.state);
    const health = process.health ? process.health.state : "";
    setText(this.health, health ? t(`health.${health}`) : "");
    setAttribute(this.health, "class", health && `health ${health}`);
    setAttribute(this.health, "title", process.health ? say(process.health.answer) : null);
    setText(this.restarts, process.restarts || "");
    setText(this.pid, process.pid || "");
    setText(this.note, remarks(process));
    setAttribute(this.note, "title", remarks(process) || null);
    this.tick();
    this.sample();
    this.permit();
  }

  tick() {
    const { state, started_at: started } = this.process;
    setText(this.uptime, state === "RUNNING" && started ? duration(store.now() - started) : "");
  }

  sample() {
    const sample = this.process.pid ? this.process.usage : null;
    setText(this.cpu, sample ? percent(sample.cpu_percent) : "");
    setText(this.memory, sample ? bytes(sample.rss_bytes) : "");
    if (!this.isSeen) return;
    const points = store.series.get(this.name)?.points || [];
    updateSparkline(this.cpuLine, points, "cpu", store.now(), store.lineSeconds());
    updateSparkline(this.memoryLine, points, "memory", store.now(), store.lineSeconds());
  }

  permit() {
    const may = mayOperate();
    const isUp = ["RUNNING", "STARTING", "BACKOFF"].includes(this.process.state);
    const able = [!isUp, isUp, true];
    this.buttons.forEach((button, index) => {
      button.disabled = !may || !able[index];
      button.title = may || !store.connected ? this.titles[index] : t("denied.role", { role: t(`role.${store.role}`) });
    });
  }
}

export function showOverview(place, signal) {
  const rows = new Map();
  const head = h("thead", {}, h("tr", {}, h("th", { class: "c-box" }, allBox()),
    ...["state", "name", "health", "cpu", "memory", "uptime", "restarts", "pid", "note", "actions"].map((name) =>
      h("th", { scope: "col", class: `c-${name}` }, t(`col.${name}`)))));
  const table = h("table", { class: "processes", "aria-label": t("overview.title") }, head);
  const chips = h("div", { class: "chips", role: "group", "aria-label": t("history.filter") });
  const shown = h("span", { class: "quiet", role: "status" });
  const search = h("input", { type: "search", id: "filter", placeholder: t("overview.search"), "aria-label": t("overview.search"), value: remembered.filter,
    oninput: () => { remembered.filter = search.value; arrange(); } });
  const grouping = h("select", { id: "grouping", onchange: () => { remembered.grouping = grouping.value; arrange(); } },
    ["none", "group", "state"].map((name) => h("option", { value: name, selected: name === remembered.grouping }, t(`group.${name}`))));
  const bar = h("div", { class: "selection", hidden: true });
  const empty = h("p", { class: "empty", hidden: true });
  place.append(h("h1", { class: "quietly" }, t("overview.title")),
    h("div", { class: "tools" }, search, chips, h("label", { class: "grouping" }, t("overview.group"), " ", grouping), shown),
    table, empty, bar);

  function allBox() {
    return h("input", { type: "checkbox", "aria-label": t("overview.all"), onchange: (event) => {
      for (const row of visible()) remembered.selected[event.target.checked ? "add" : "delete"](row.name);
      showSelection();
    } });
  }

  function toggle(row) {
    remembered.selected[row.box.checked ? "add" : "delete"](row.name);
    showSelection();
  }

  const visible = () => [...rows.values()].filter((row) => !row.element.hidden && row.element.isConnected);

  function showSelection() {
    for (const name of remembered.selected) if (!rows.has(name)) remembered.selected.delete(name);
    for (const row of rows.values()) {
      row.box.checked = remembered.selected.has(row.name);
      row.element.classList.toggle("selected", row.box.checked);
    }
    const names = [...remembered.selected];
    bar.hidden = !names.length;
    document.body.classList.toggle("selecting", Boolean(names.length));
    bar.replaceChildren(h("strong", {}, t("overview.selected", { count: names.length })),
      ...["start", "stop", "restart", "signal"].map((action) =>
        h("button", { disabled: !mayOperate(), onclick: () => act(action, names) }, icon(action), " ", t(`do.${action}`))),
      h("button", { class: "link", onclick: () => { remembered.selected.clear(); showSelection(); } }, t("overview.clear")));
  }

  function matches(row) {
    if (!CHIPS[remembered.chip](row.process)) return false;
    return remembered.filter.toLowerCase().split(/\s+/).every((word) => row.text.includes(word));
  }

  function countChips() {
    const all = [...store.processes.values()];
    const counts = Object.fromEntries(Object.entries(CHIPS).map(([name, isOne]) => [name, all.filter(isOne).length]));
    chips.replaceChildren(...Object.keys(CHIPS).map((name) =>
      h("button", { class: `chip ${name}${counts[name] ? "" : " none"}`, "aria-pressed": String(name === remembered.chip), onclick: () => { remembered.chip = name; countChips(); arrange(); } },
        t(`chip.${name}`), " ", h("b", {}, String(counts[name])))));
  }

  // Which rows are shown, in which order, below which headings.
  function arrange() {
    const found = [...rows.values()].filter(matches);
    setText(shown, t("overview.shown", { shown: found.length, total: rows.size }));
    empty.hidden = found.length > 0;
    setText(empty, rows.size ? t("overview.nomatch") : t("overview.empty", { path: configPath || "supervisord.conf" }));
    if (!rows.size && !configPath) findConfigPath();
    table.hidden = !found.length;
    const sections = new Map();
    for (const row of found) {
      const key = remembered.grouping === "none" ? "" : row.process[remembered.grouping];
      if (!sections.has(key)) sections.set(key, []);
      sections.get(key).push(row);
    }
    let keys = [...sections.keys()];
    if (remembered.grouping === "state") keys.sort((a, b) => TROUBLE_FIRST.indexOf(a) - TROUBLE_FIRST.indexOf(b));
    const bodies = keys.map((key) => section(key, sections.get(key)));
    for (const body of [...table.tBodies]) body.remove();
    table.append(...bodies);
    showSelection();
  }

  async function findConfigPath() {
    configPath = " "; // it is asked for once
    configPath = (await get("/config/diagnostics").catch(() => ({}))).file || "supervisord.conf";
    if (!rows.size && !signal.aborted) arrange();
  }

  function section(key, members) {
    const body = h("tbody", {});
    if (key) {
      const isOpen = !remembered.collapsed.has(key);
      const label = remembered.grouping === "state" ? t(`state.${key}`) : key;
      body.append(h("tr", { class: "section" }, h("td", { class: "c-box" },
        h("input", { type: "checkbox", "aria-label": t("overview.select", { name: label }), onchange: (event) => {
          for (const row of members) remembered.selected[event.target.checked ? "add" : "delete"](row.name);
          showSelection();
        } })), h("th", { colspan: "10", scope: "rowgroup" }, h("button", { class: "link", "aria-expanded": String(isOpen), onclick: () => {
          remembered.collapsed[isOpen ? "add" : "delete"](key);
          arrange();
        } }, `${isOpen ? "▾" : "▸"} ${label}`), " ", h("span", { class: "quiet" }, String(members.length)))));
      if (!isOpen) return body;
    }
    body.append(...members.map((row) => row.element));
    return body;
  }

  function make() {
    const processes = [...store.processes.values()];
    for (const name of rows.keys()) if (!store.processes.has(name)) rows.delete(name);
    const fresh = processes.filter((process) => {
      const row = rows.get(process.name);
      if (row) row.update(process);
      return !row;
    });
    countChips();
    const next = (count) => {
      if (signal.aborted) return;
      for (const { name } of fresh.splice(0, count)) {
        const process = store.processes.get(name); // as it is by now
        if (!process) continue;
        rows.set(name, new Row(process, toggle));
        seeing.observe(rows.get(name).element);
      }
      if (!fresh.length) order();
      if (count === FIRST || !fresh.length) arrange();
      if (fresh.length) requestAnimationFrame(() => next(BATCH));
    };
    next(FIRST);
  }

  function order() {
    const sorted = [...store.processes.keys()].filter((name) => rows.has(name)).map((name) => [name, rows.get(name)]);
    rows.clear();
    for (const [name, row] of sorted) rows.set(name, row);
  }

  // Lines are drawn, and what the daemon has kept for them asked for, where somebody looks: of a few dozen rows, not of all.
  let filling = 0;
  const fillSeen = () => {
    clearTimeout(filling);
    filling = setTimeout(() => store.fill([...rows.values()].filter((row) => row.isSeen).map((row) => row.name)), FILL_MS);
  };
  const seeing = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const row = rows.get(target.dataset.name);
      if (!row) continue;
      row.isSeen = isIntersecting;
      row.sample();
    }
    if (entries.some(({ isIntersecting }) => isIntersecting)) fillSeen();
  }, { rootMargin: "200px" });

  let due = 0;
  const later = () => { // many may change in one moment: look at all of it once a frame
    if (!due) due = requestAnimationFrame(() => {
      due = 0;
      if (signal.aborted) return;
      countChips();
      const isGrouped = remembered.grouping === "state" || remembered.chip !== "all" || remembered.filter;
      if (isGrouped) arrange();
    });
  };

  on(["all"], () => { make(); fillSeen(); }, signal);
  on(["process"], ({ detail }) => { rows.get(detail.name)?.update(detail); later(); }, signal);
  on(["samples"], ({ detail }) => { for (const { name } of detail) rows.get(name)?.sample(); }, signal);
  on(["connection"], () => { for (const row of rows.values()) row.permit(); showSelection(); }, signal);
  const ticking = setInterval(() => { for (const row of rows.values()) row.tick(); }, 1000);
  signal.addEventListener("abort", () => { clearInterval(ticking); clearTimeout(filling); seeing.disconnect(); document.body.classList.remove("selecting"); });
  place.addEventListener("vigil-key", (event) => onKey(event.detail), { signal });
  make();

  function onKey(event) {
    if (event.key === "/") {
      event.preventDefault();
      search.focus();
      return;
    }
    const seen = visible();
    const at = seen.findIndex((row) => row.element.contains(document.activeElement));
    if (event.key === "j" || event.key === "k") {
      const next = seen[Math.max(0, Math.min(seen.length - 1, at + (event.key === "j" ? 1 : at < 0 ? 1 : -1)))];
      next?.link.focus();
      next?.element.scrollIntoView({ block: "nearest" });
    } else if (event.key === "x" && at >= 0) {
      seen[at].box.checked = !seen[at].box.checked;
      toggle(seen[at]);
    }
  }
}
