// Figures and times as people read them, in the language of the page.
import { language, t } from "./i18n.js";

export function bytes(count) {
  if (count === null || count === undefined) return "";
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) {
    count /= 1024;
    unit += 1;
  }
  return `${count >= 100 || unit === 0 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}

export function percent(value) {
  if (value === null || value === undefined) return "";
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} %`;
}

// Two units are enough: 3 d 4 h, 5 min 12 s.
export function duration(seconds) {
  seconds = Math.max(0, Math.floor(seconds));
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([size]) => seconds >= size);
  if (first < 0) return `0 ${t("unit.s")}`;
  const told = [];
  for (const [size, name] of parts.slice(first, first + 2)) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count || !told.length) told.push(`${count} ${t("unit." + name)}`);
  }
  return told.join(" ");
}

// The same, with tenths below a minute: how long something ran that ended at once.
export function fineDuration(seconds) {
  return seconds < 60 ? `${seconds.toFixed(1)} ${t("unit.s")}` : duration(seconds);
}

export function time(at) {
  if (!at) return "";
  const when = new Date(at * 1000);
  const today = when.toDateString() === new Date().toDateString();
  const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const day = today ? {} : { year: "numeric", month: "short", day: "numeric" };
  return when.toLocaleString(language() === "zh" ? "zh-CN" : "en-GB", { ...day, ...clock });
}

export function fullTime(at) {
  return at ? new Date(at * 1000).toISOString() : "";
}
