// The daemon's own page: who it is, whether programs survive it, its log, and orders to it.
import { isAdmin, permit } from "../actions.js";
import { get, post } from "../api.js";
import { confirmDialog, toast } from "../dialog.js";
import { h, setText } from "../dom.js";
import { duration, time } from "../format.js";
import { t } from "../i18n.js";
import { say } from "../said.js";
import { on, store } from "../store.js";
import { chartsOf } from "./charts.js";
import { showLog } from "./log.js";

export function showDaemon(place, signal) {
  const list = h("dl", { class: "facts" });
  const buttons = ["upgrade", "restart", "shutdown"].map((order) => h("button", { class: order === "upgrade" ? "" : "danger", onclick: () => ask(order) }, t(`daemon.${order}`)));
  const charts = h("section", {});
  const machine = h("section", { id: "machine" }, h("h2", {}, t("daemon.machine")));
  const log = h("section", {}, h("h2", {}, t("daemon.log")));
  place.append(h("div", { class: "title" }, h("h1", {}, t("nav.daemon")), h("div", { class: "buttons" }, buttons)), list, charts, machine, log);

  const uptimeOf = (at) => `${duration(store.now() - at)} (${t("process.since", { time: time(at) })})`;
  const uptime = h("span", {});
  let started = 0;

  async function load() {
    buttons.forEach((button) => permit(button, isAdmin()));
    try {
      const daemon = await get("/daemon");
      if (signal.aborted) return;
      started = daemon.started_at;
      setText(uptime, uptimeOf(started));
      const pairs = [
        ["daemon.identifier", daemon.identifier], ["daemon.version", `Vigil ${daemon.version}, Python ${daemon.python}`], ["daemon.pid", daemon.pid],
        ["col.state", t(`state.${daemon.state}`)], ["daemon.uptime", uptime],
        ["daemon.survives", daemon.survives ? t("yes") : `${t("no")}: ${say(daemon.survival)}`], ["daemon.generation", daemon.generation], ["daemon.adopted", daemon.adopted],
        ["daemon.log", daemon.log ? h("code", {}, daemon.log) : t("none")], ...(daemon.upgrade_error ? [["daemon.upgrade_error", say(daemon.upgrade_error)]] : []),
      ];
      list.replaceChildren(...pairs.map(([label, value]) => h("div", {}, h("dt", {}, t(label)), h("dd", {}, value instanceof Node ? value : String(value)))));
    } catch (error) {
      if (error.status === 403) list.replaceChildren(h("p", { class: "quiet" }, error.message)); // else the banner says it
    }
  }

  async function ask(order) {
    if (!(await confirmDialog({ title: t(`daemon.ask.${order}`), yes: t(`daemon.${order}`), danger: order !== "upgrade" }))) return;
    try {
      await post(`/daemon/${order}`);
      toast(t("daemon.accepted"), "good");
    } catch (error) {
      toast(error.message, "bad");
    }
  }

  on(["connection", "daemon"], load, signal);
  const ticking = setInterval(() => started && setText(uptime, uptimeOf(started)), 1000);
  signal.addEventListener("abort", () => clearInterval(ticking));
  load();
  chartsOf(charts, signal, "/daemon/samples");
  chartsOf(machine, signal, "/machine/samples", () => [], true);
  showLog(log, signal, "supervisord", "/daemon/log");
}
