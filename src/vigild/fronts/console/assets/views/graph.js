// Who waits for whom: the waves from left to right, with a line from each to what it needs.
import { get } from "../api.js";
import { h, s } from "../dom.js";
import { t } from "../i18n.js";
import { say } from "../said.js";
import { on } from "../store.js";
import { pathOf, stateBadge } from "./words.js";

export async function showGraph(place, signal) {
  const box = h("div", { class: "graph" });
  place.append(h("h1", {}, t("nav.graph")), h("p", { class: "quiet" }, t("graph.help")), box);

  async function draw() {
    const { waves, processes } = await get("/dependencies");
    if (signal.aborted) return;
    const byName = new Map(processes.map((process) => [process.name, process]));
    const named = (target) => processes.map((process) => process.name).filter((name) => name === target || (target.endsWith(":*") && name.split(":")[0] === target.slice(0, -2)));
    const links = processes.flatMap((process) => process.depends_on.flatMap((need) => need.targets.flatMap(named).map((from) => ({ from, to: process.name, waits: need.waited_for }))));
    const involved = new Set(links.flatMap((link) => [link.from, link.to]));
    const nodes = new Map();
    const node = (name) => {
      const process = byName.get(name);
      const needs = process.depends_on.map((one) => h("li", { class: one.waited_for ? "bad" : "quiet" }, t("graph.needs", { name: one.name, condition: t(`condition.${one.condition}`) }), one.trouble && ` — ${say(one.trouble)}`));
      nodes.set(name, h("div", { class: "node" }, h("a", { href: pathOf(name) }, name), " ", stateBadge(process.state), needs.length > 0 && h("ul", {}, needs)));
      return nodes.get(name);
    };
    const columns = waves.map((names, index) => [index, names.filter((name) => involved.has(name))]).filter(([, names]) => names.length)
      .map(([index, names]) => h("section", {}, h("h2", {}, t("graph.wave", { number: index + 1 })), names.map(node)));
    const free = processes.filter((process) => !involved.has(process.name));
    const lines = s("svg", { class: "edges", "aria-hidden": "true" });
    box.replaceChildren(h("div", { class: "waves" }, lines, columns),
      free.length ? h("section", {}, h("h2", {}, t(columns.length ? "graph.rest" : "graph.free", { count: free.length })), h("div", { class: "free" }, free.map((process) => node(process.name)))) : "");
    connect(lines, links, nodes);
  }

  function connect(lines, links, nodes) {
    const frame = lines.parentElement.getBoundingClientRect();
    lines.setAttribute("width", lines.parentElement.scrollWidth);
    lines.setAttribute("height", lines.parentElement.scrollHeight);
    for (const link of links) {
      const from = nodes.get(link.from).getBoundingClientRect(), to = nodes.get(link.to).getBoundingClientRect();
      const [x1, y1] = [from.right - frame.left, from.top - frame.top + 16];
      const [x2, y2] = [to.left - frame.left, to.top - frame.top + 16];
      lines.append(s("path", { d: `M${x1} ${y1}C${x1 + 24} ${y1} ${x2 - 24} ${y2} ${x2} ${y2}`, class: link.waits ? "waits" : "" }));
    }
  }

  const redraw = () => draw().catch((error) => box.replaceChildren(h("p", { class: "quiet" }, error.message)));
  let due = 0;
  const soon = () => { if (!due) due = setTimeout(() => { due = 0; if (!signal.aborted) redraw(); }, 300); };
  on(["process", "all"], soon, signal);
  addEventListener("resize", soon, { signal });
  redraw();
}
