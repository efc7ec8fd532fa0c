// What the daemon says, in the language of the page: what has a code is told by it, and what is known of its sentences too.
import { FINDINGS } from "./chinese/findings.js";
import { inChinese } from "./chinese/phrases.js";
import { PROBLEMS } from "./chinese/problems.js";
import { storyWords } from "./chinese/story.js";
import { fineDuration, time } from "./format.js";
import { language, t } from "./i18n.js";

const isChinese = () => language() === "zh";

// A sentence of the daemon's. What stays as it is when nothing is known of it: names, and words of programs.
export function say(text) {
  return isChinese() ? inChinese(text) : text || "";
}

// How something ended, from the facts of the history.
export function endWords({ signal, status, core, unseen }) {
  if (signal) return t("note.signal", { signal }) + (core ? t("fact.core") : "");
  if (status !== undefined && status !== null) return t("note.exit", { status });
  return say(unseen) || t("fact.unseen");
}

// A sentence of the story of a failure.
export function sayStory({ code, text, values }) {
  const words = isChinese() && code !== "line" ? storyWords(code) : "";
  if (!words) return text;
  const shown = { ...values, end: endWords(values), quick: "", by: values.by ? `（${values.by}）` : "", text: say(values.text) };
  if (values.at) shown.at = time(values.at);
  for (const name of ["ago", "ran"]) if (name in values) shown[name] = fineDuration(values[name]);
  if (values.reason) shown.quick = `；由 Vigil 结束：${say(values.reason)}`;
  else if (values.state === "STARTING") shown.quick = "（还没有完成启动）";
  const said = words.replace(/\{(\w+)\}/g, (whole, name) => shown[name] ?? whole);
  return values.shell && code.startsWith("meaning.") ? `shell 以此表示它的程序被 ${values.signal} 终止：${said}` : said;
}

// What a finding of `vigil check` means and what to do next, where the page is Chinese; the finding's own words stand beside it.
export function findingWords(code) {
  const [title, next] = (isChinese() && FINDINGS[code]) || [];
  return { title, next };
}

// Why a request was refused. `detail` may be a bare name.
export function problemWords({ code, title, detail }) {
  if (!isChinese()) return code === "no_such_name" ? `${title}: ${detail}` : detail || title || "";
  const known = PROBLEMS[code] || title || code;
  const said = say(detail);
  return said && said !== known ? `${known}：${said}` : known;
}
