// What is said of a process in several places.
import { h, setText } from "../dom.js";
import { duration, time } from "../format.js";
import { t } from "../i18n.js";
import { say } from "../said.js";
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
export function runs({ next_at: next, last_end_at: ended, outcome, outcome_text: words, queued, paused }) {
  const told = [];
  if (ended && outcome) told.push(t("schedule.last", { time: time(ended), outcome: t(`schedule.${outcome}`) }) + (outcome === "failed" && words ? `: ${say(words)}` : ""));
  if (paused) told.push(t("schedule.paused"));
  else if (queued) told.push(t("schedule.queued"));
  else if (next) told.push(t("schedule.next", { time: time(next) }));
  return told;
}

function waitWords({ name, condition, trouble }) {
  const why = trouble ? `${t("sep")}${say(trouble)}` : "";
  return `${name} (${t(`condition.${condition}`)}${why})`;
}

function endOf(process) {
  return process.exit_signal ? t("note.signal", { signal: process.exit_signal }) : t("note.exit", { status: process.exit_status });
}

// Everything worth a remark, in one line.
export function remarks(process) {
  const told = [];
  if (process.waiting_for && process.waiting_for.length) {
    told.push(t("note.waits", { names: process.waiting_for.map(waitWords).join(", ") }));
  } else if (process.state === "STARTING" && process.description) told.push(say(process.description));
  if (process.flapping) told.push(t("note.flapping"));
  if (process.restart_at) told.push(t("note.restart", { time: duration(process.restart_at - store.now()) }));
  const isToldByRun = process.schedule && process.state === "EXITED";
  const hasEnd = process.exit_signal || (process.exit_status !== null && process.exit_status !== undefined);
  const isBareEnd = !process.error || (process.error.startsWith("Bad exit code") && hasEnd); // the end itself says more
  if (!isToldByRun && hasEnd && process.error.startsWith("Exited too quickly")) told.push(t("note.quick", { end: endOf(process) }));
  else if (!isBareEnd && !isToldByRun) told.push(say(process.error));
  else if (!isToldByRun && hasEnd && (process.state === "EXITED" || process.state === "FATAL")) told.push(endOf(process));
  if (process.state === "RUNNING" && process.ready === false) told.push(t("note.notready"));
  if (process.status_text) told.push(process.status_text);
  if (process.left_behind && process.left_behind.length) told.push(t("note.left", { count: process.left_behind.length }));
  if (process.schedule) told.push(...runs(process.schedule));
  else if (process.state === "STOPPED" && !process.started_at) told.push(process.description.includes(":") ? say(process.description) : t("note.notstarted"));
  else if (process.stopped_at && ["STOPPED", "EXITED", "FATAL"].includes(process.state)) told.push(t("note.since", { time: time(process.stopped_at) }));
  return told.join(" · ");
}
