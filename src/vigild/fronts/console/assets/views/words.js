// What is said of a process in several places.
import { h, setText } from "../dom.js";
import { duration } from "../format.js";
import { t } from "../i18n.js";
import { store } from "../store.js";

export function pathOf(name) {
  return `#/process/${encodeURIComponent(name)}`;
}

export function inTrouble(process) {
  const isBad = process.health && process.health.state === "unhealthy";
  return ["FATAL", "BACKOFF", "UNKNOWN"].includes(process.state) || process.flapping || isBad || (process.state === "EXITED" && process.wanted === "up");
}

export function stateBadge(state) {
  return updateBadge(h("span", { class: "badge" }), state);
}

export function updateBadge(badge, state) {
  if (badge.dataset.state !== state) {
    badge.dataset.state = state;
    setText(badge, t(`state.${state}`));
  }
  return badge;
}

// Everything worth a remark, in one line.
export function remarks(process) {
  const told = [];
  if (process.waiting_for && process.waiting_for.length) {
    told.push(t("note.waits", { names: process.waiting_for.map((one) => `${one.name} (${one.condition})`).join(", ") }));
  }
  if (process.flapping) told.push(t("note.flapping"));
  if (process.restart_at) told.push(t("note.restart", { time: duration(process.restart_at - store.now()) }));
  if (process.error) told.push(process.error);
  else if (process.state === "EXITED" || process.state === "FATAL") {
    if (process.exit_signal) told.push(t("note.signal", { signal: process.exit_signal }));
    else if (process.exit_status !== null && process.exit_status !== undefined) told.push(t("note.exit", { status: process.exit_status }));
  }
  if (process.state === "RUNNING" && process.ready === false) told.push(t("note.notready"));
  if (process.status_text) told.push(process.status_text);
  if (process.left_behind && process.left_behind.length) told.push(t("note.left", { count: process.left_behind.length }));
  if (process.description && process.description !== process.error && process.state !== "RUNNING") told.push(process.description);
  return told.join(" · ");
}
