// What the files say against what runs: a difference that can be read, then the update.
import { follow, isAdmin, permit } from "../actions.js";
import { get, post } from "../api.js";
import { confirmDialog, toast } from "../dialog.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { findingWords } from "../said.js";
import { optionName, shownValue } from "./values.js";

export function showConfig(place, signal) {
  const pending = h("section", {}), findings = h("section", {});
  const apply = h("button", { class: "primary", disabled: true, onclick: update }, t("config.apply"));
  let groups = [];
  place.append(h("h1", {}, t("nav.config")),
    h("div", { class: "tools" }, h("button", { onclick: load }, t("config.look")), apply), pending, findings);

  async function load() {
    apply.disabled = true;
    await Promise.all([loadPending(), loadFindings()]);
  }

  async function loadPending() {
    pending.replaceChildren(h("h2", {}, t("config.pending")));
    try {
      const { changes } = await get("/config/pending");
      if (signal.aborted) return;
      groups = changes.map((change) => change.group);
      permit(apply, isAdmin());
      apply.disabled ||= !changes.length;
      if (!changes.length) pending.append(h("p", { class: "good" }, t("config.same")));
      pending.append(...changes.map(diff));
    } catch (error) {
      pending.append(h("p", { class: "bad" }, error.code === "cannot_reread" ? t("config.broken") : error.message), error.code === "cannot_reread" ? h("pre", { lang: "en" }, error.detail) : "");
    }
  }

  function diff({ group, change, processes }) {
    return h("article", { class: `card ${change}` }, h("h3", {}, group, " ", h("span", { class: `badge change ${change}` }, t(`change.${change}`))),
      processes.map((process) => h("div", {}, process.process && h("h4", {}, process.process, " ", h("span", { class: "quiet" }, t(`change.${process.change}`))),
        process.options.length > 0 && h("table", { class: "plain diff" }, h("thead", {}, h("tr", {}, ["option", "old", "new"].map((one) => h("th", { scope: "col" }, t(`field.${one}`))))),
          h("tbody", {}, process.options.map((one) => h("tr", {}, h("th", { scope: "row", title: one.option }, optionName(one.option)),
            h("td", { class: "old" }, shownValue(one.old, one.option)), h("td", { class: "new" }, shownValue(one.new, one.option)))))))));
  }

  async function loadFindings() {
    findings.replaceChildren(h("h2", {}, t("config.findings")));
    try {
      const { findings: found } = await get("/config/diagnostics");
      if (!found.length) findings.append(h("p", { class: "good" }, t("config.clean")));
      else findings.append(h("table", { class: "plain findings" }, h("thead", {}, h("tr", {}, ["severity", "place", "finding"].map((one) => h("th", { scope: "col" }, t(`config.${one}`))))),
        h("tbody", {}, found.map(finding))));
    } catch (error) {
      findings.append(h("p", { class: "quiet" }, error.message));
    }
  }

  // Section and option, where that stands, what it is, what next; in Chinese by its code, with its own words beside it.
  function finding(one) {
    const { title, next } = findingWords(one.code);
    return h("tr", {}, h("td", {}, h("span", { class: `badge severity ${one.severity}` }, t(`severity.${one.severity}`)), h("div", {}, h("code", {}, one.code))),
      h("td", {}, one.section && h("div", {}, h("code", {}, `[${one.section}]`)), one.option && h("div", {}, h("code", {}, one.option)),
        h("div", { class: "quiet", title: one.file }, h("code", {}, `${one.file.split("/").pop()}:${one.line}`))),
      h("td", {}, title && h("div", {}, title), h("div", { class: title ? "original" : "", lang: title ? "en" : null }, one.text),
        (next || one.hint) && h("div", { class: "next" }, h("strong", {}, t("config.next")), " ", next && h("span", {}, next), " ",
          one.hint && h("span", { class: title ? "original" : "", lang: title ? "en" : null }, one.hint))));
  }

  async function update() {
    if (!(await confirmDialog({ title: t("config.ask", { count: groups.length }), names: groups, yes: t("do.update"), danger: true }))) return;
    try {
      await follow(await post("/config/apply", { wait_seconds: 10 }));
    } catch (error) {
      toast(error.message, "bad");
    }
    load();
  }

  load();
}
