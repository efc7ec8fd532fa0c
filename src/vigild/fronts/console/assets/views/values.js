// Options and their values as they stand in the configuration file: the API has the field's words and plain numbers.
import { h } from "../dom.js";
import { bytes } from "../format.js";

const SPELLINGS = {
  start_seconds: "startsecs", start_retries: "startretries", exit_codes: "exitcodes", stop_signal: "stopsignal", stop_wait_seconds: "stopwaitsecs",
  stop_as_group: "stopasgroup", kill_as_group: "killasgroup", kill_mode: "killmode", uid: "user", gid: "group", server_url: "serverurl",
  supplementary_gids: "supplementary_groups", watchdog_seconds: "watchdog_secs", io_priority: "ionice", oom_score_adjustment: "oom_score_adj",
  cpus: "cpu_affinity", environment_files: "envfile", schedule_jitter_seconds: "schedule_jitter_seconds",
};
const SIGNALS = { 1: "HUP", 2: "INT", 3: "QUIT", 6: "ABRT", 9: "KILL", 10: "USR1", 12: "USR2", 15: "TERM", 18: "CONT", 19: "STOP", 28: "WINCH" };

// `stdout.logfile_max_bytes` is `stdout_logfile_maxbytes` in the file. A test holds it against the table of options.
export function optionName(field) {
  if (field in SPELLINGS) return SPELLINGS[field];
  const flat = field.replace(/^limits\./, "limit_").replace(".", "_");
  if (/^std(out|err)_/.test(flat)) return flat.replace(/_max_bytes$/, "_maxbytes");
  return flat.replace(/_(seconds|bytes)$/, "");
}

const isPlain = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// Nested fields as rows of their own, but for what has names of somebody else's: variables of an environment.
export function flatten(config, prefix = "") {
  return Object.entries(config).flatMap(([key, value]) =>
    (isPlain(value) && ["stdout", "stderr", "limits"].includes(key) ? flatten(value, `${key}.`) : [[`${prefix}${key}`, value]]));
}

export function isUnset(value) {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length) || (isPlain(value) && !Object.keys(value).length);
}

function words(field, value) {
  if (field === "stop_signal") return SIGNALS[value] || String(value);
  if (field === "flapping" && Array.isArray(value)) return `${value[0]}/${value[1]}s`;
  if (typeof value === "number" && /_bytes$/.test(field)) return value ? bytes(value) : "0";
  if (typeof value === "number" && /_seconds$/.test(field)) return `${value} s`;
  if (field === "umask" && typeof value === "number") return value.toString(8).padStart(3, "0");
  return String(value);
}

function inList(field, one) {
  if (Array.isArray(one)) return one.join("-"); // a range of numbers
  if (!isPlain(one)) return words(field, one);
  if (one.condition && (one.name || one.target)) return `${one.name || one.target}:${one.condition}`;
  return one.text || one.name || JSON.stringify(one);
}

export function shownValue(value, field = "") {
  if (isUnset(value)) return h("span", { class: "quiet" }, "—");
  if (Array.isArray(value) && field === "flapping") return words(field, value);
  if (Array.isArray(value)) return value.map((one) => inList(field, one)).join(field === "rules" ? "\n" : ", ");
  if (isPlain(value)) return h("ul", { class: "pairs" }, Object.entries(value).map(([key, inner]) => h("li", {}, `${key}=${isPlain(inner) ? JSON.stringify(inner) : inner}`)));
  return words(field, value);
}
