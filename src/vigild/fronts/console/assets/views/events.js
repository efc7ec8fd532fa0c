// What happened: the history as a list, of all or of one, that grows at its head while one looks.
import { plain } from "../ansi.js";
import { get } from "../api.js";
import { h } from "../dom.js";
import { fineDuration, fullTime, time } from "../format.js";
import { t } from "../i18n.js";
import { endWords, say } from "../said.js";
import { on } from "../store.js";
import { pathOf } from "./words.js";

const KINDS = ["state", "exit", "spawn_failed", "flapping", "unseen", "order", "rule", "schedule", "daemon", "alert", "monitor", "access", "lost"];
const PAGE = 100;

export function showEvents(place, signal) {
  place.append(h("h1", {}, t("nav.events")));
  factList(place, signal, {});
}

export function factList(place, signal, { name }) {
  let kind = "", oldest = 0, newest = 0, isBusy = false;
  const body = h("tbody", {});
  const choice = h("select", { id: "kind", onchange: () => { kind = choice.value; load(); } },
    h("option", { value: "" }, t("kind.all")), KINDS.map((one) => h("option", { value: one }, t(`kind.${one}`))));
  const older = h("button", { hidden: true, onclick: () => load(true) }, t("history.older"));
  const empty = h("p", { class: "quiet" });
  const columns = ["when", ...(name ? [] : ["who"]), "kind", "what"];
  place.append(h("div", { class: "tools" }, h("label", {}, t("history.filter"), " ", choice)),
    h("table", { class: "plain history" }, h("thead", {}, h("tr", {}, columns.map((one) => h("th", { scope: "col" }, t(`history.${one}`))))), body), older, empty);

  const row = (fact) => h("tr", { "data-kind": fact.kind },
    h("td", {}, h("time", { datetime: fullTime(fact.at), title: fullTime(fact.at) }, time(fact.at))),
    name ? null : h("td", {}, fact.name && h("a", { href: fact.kind === "monitor" ? "#/monitors" : pathOf(fact.name) }, fact.name)),
    h("td", {}, h("span", { class: `kind ${fact.kind}${fact.kind === "alert" ? ` ${fact.details.what}` : ""}` }, t(`kind.${fact.kind}`))), h("td", {}, tell(fact), output(fact)));

  async function load(isMore = false) {
    const parameters = { limit: PAGE, output: "true" };
    if (name) parameters.name = name;
    if (kind) parameters.kinds = kind;
    if (isMore) parameters.until = oldest;
    try {
      const { facts } = await get("/history", parameters);
      if (signal.aborted) return;
      if (!isMore) body.replaceChildren();
      facts.reverse();
      body.append(...facts.map(row));
      if (facts.length) oldest = facts[facts.length - 1].at;
      if (!isMore) newest = facts.length ? facts[0].id : 0;
      older.hidden = facts.length < PAGE;
      empty.textContent = body.childElementCount ? "" : t("history.empty");
    } catch (error) {
      empty.textContent = error.code === "not_configured" ? t("history.off") : error.message;
    }
  }

  async function grow() {
    if (isBusy) return;
    isBusy = true;
    try {
      const parameters = { limit: PAGE, output: "true", after: newest };
      if (name) parameters.name = name;
      if (kind) parameters.kinds = kind;
      const { facts } = await get("/history", parameters);
      for (const fact of facts) body.prepend(row(fact));
      if (facts.length) [newest, empty.textContent] = [facts[facts.length - 1].id, ""];
    } catch {
      // the list stays as it is; the banner says when the daemon is not there
    } finally {
      isBusy = false;
    }
  }

  let due = 0;
  const soon = () => { if (!due) due = setTimeout(() => { due = 0; if (!signal.aborted) grow(); }, 400); };
  on(["state", "process", "operation", "monitor", "alert", "daemon", "history"], ({ detail }) => { if (!name || !detail?.name || detail.name === name) soon(); }, signal);
  on(["connection"], soon, signal);
  load();
}

// A fact in one line. What no line is known for is shown as it is.
export function tell(fact) {
  const d = fact.details;
  const by = d.by ? ` (${t("fact.by", { who: d.by === "schedule" ? t("kind.schedule") : d.by })})` : "";
  if (fact.kind === "state") return `${t(`state.${d.old}`)} → ${t(`state.${d.new}`)}${d.cause ? ` · ${t(`cause.${d.cause}`)}` : ""}${by}`;
  if (fact.kind === "exit") return endOf(d);
  if (fact.kind === "order") return `${orderWords(d)}${by}${d.failed ? `: ${say(d.failed)}` : ""}`;
  if (fact.kind === "lost") return t("fact.lost", { count: d.count });
  if (fact.kind === "access") return accessWords(d);
  if (fact.kind === "daemon") return daemonWords(d) + by;
  const isToldTwice = (d.text || "").startsWith(`${d.what}: `); // a monitor's text may begin with it
  const words = [d.alert, d.what && !isToldTwice && t(`what.${d.what}`), say(d.text), say(d.error)].filter(Boolean).join(": ");
  return (words || JSON.stringify(d)) + by;
}

function endOf(d) {
  const why = d.reason ? `${t("fact.ended", { reason: say(d.reason) })} · ` : "";
  return `${why}${endWords(d)} · PID ${d.pid} · ${t("fact.ran", { time: fineDuration(d.ran) })}${d.expected ? "" : ` · ${t("fact.unexpected")}`}`;
}

function orderWords({ method, arguments: told = [] }) {
  const known = t(`order.${method}`);
  return [known.startsWith("order.") ? method : known, ...told].join(" ");
}

// Who logged in or out, who could not, and whose rights have changed.
function accessWords({ what, by, via, count, untold, ...names }) {
  const who = by || t("access.somebody");
  const changed = ["added", "removed", "changed"].filter((one) => names[one]).map((one) => `${t(`access.${one}`)} ${names[one].join(", ")}`);
  const told = what === "users" ? [[t("access.users", { who }), ...changed].join(" · ")] : [t(`access.${what}`, { who, via: t(`access.via.${via}`) })];
  if (count && what === "failed") told.push(t("access.row", { count }));
  if (count && what === "login") told.push(t("access.after", { count }));
  if (untold) told.push(t("access.untold", { count: untold }));
  return told.join(" · ");
}

function daemonWords({ what, text, version, pid, adopted }) {
  const words = [t(`daemon.did.${what}`), say(text)].filter(Boolean).join(": ");
  return `${words} · Vigil ${version} · PID ${pid}${adopted ? ` · ${t("fact.adopted", { count: adopted })}` : ""}`;
}

function output(fact) {
  const lines = [...(fact.stderr || []), ...(fact.stdout || [])];
  return lines.length ? h("details", {}, h("summary", {}, t("process.log")), h("pre", {}, lines.map(plain).join("\n"))) : null;
}
