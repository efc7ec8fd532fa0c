// What is said of a process in several places.
import { h, setText } from "../dom.js";
import { duration, time } from "../format.js";
import { t } from "../i18n.js";
import { store } from "../store.js";

export function pathOf(name) {
  return `#/process/${encodeURIComponent(name)}`;
}

// It ended as it should not have. A run by schedule, or a program that has done its work, is meant to end.
function hasFailed(process) {
  if (process.schedule) return process.schedule.outcome === "failed";
  return process.state === "EXITED" && process.wanted === "up" && (Boolean(process.error) || Boolean(process.exit_signal));
}

export function inTrouble(process) {
  const isBad = process.health && process.health.state === "unhealthy";
  return ["FATAL", "BACKOFF", "UNKNOWN"].includes(process.state) || process.flapping || isBad || hasFailed(process);
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

// When it runs by schedule, and how the last run ended.
export function runs({ next_at: next, last_end_at: ended, outcome, outcome_text: words, queued }) {
  const told = [];
  if (ended && outcome) told.push(t("schedule.last", { time: time(ended), outcome: t(`schedule.${outcome}`) }) + (outcome === "failed" && words ? `: ${words}` : ""));
  if (queued) told.push(t("schedule.queued"));
  else if (next) told.push(t("schedule.next", { time: time(next) }));
  return told;
}

// Everything worth a remark, in one line.
export function remarks(process) {
  const told = [];
  if (process.waiting_for && process.waiting_for.length) {
    told.push(t("note.waits", { names: process.waiting_for.map((one) => `${one.name} (${one.condition})`).join(", ") }));
  }
  if (process.flapping) told.push(t("note.flapping"));
  if (process.restart_at) told.push(t("note.restart", { time: duration(process.restart_at - store.now()) }));
  const isToldByRun = process.schedule && process.state === "EXITED";
  if (process.error && !isToldByRun) told.push(process.error);
  else if (!isToldByRun && (process.state === "EXITED" || process.state === "FATAL")) {
    if (process.exit_signal) told.push(t("note.signal", { signal: process.exit_signal }));
    else if (process.exit_status !== null && process.exit_status !== undefined) told.push(t("note.exit", { status: process.exit_status }));
  }
  if (process.state === "RUNNING" && process.ready === false) told.push(t("note.notready"));
  if (process.status_text) told.push(process.status_text);
  if (process.left_behind && process.left_behind.length) told.push(t("note.left", { count: process.left_behind.length }));
  if (process.schedule) told.push(...runs(process.schedule));
  else if (process.state === "STOPPED" && !process.started_at) told.push(t("note.notstarted"));
  else if (process.description && process.description !== process.error && process.state !== "RUNNING") told.push(process.description);
  return told.join(" · ");
}
