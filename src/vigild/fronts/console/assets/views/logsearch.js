// Looking for a text in a whole log, from its end backwards: some megabytes at a time, so that it can be given up at any
// moment and the daemon has time for others in between.
import { plain } from "../ansi.js";
import { get } from "../api.js";
import { h, setText } from "../dom.js";
import { bytes } from "../format.js";
import { t } from "../i18n.js";

const ENOUGH = 200; // lines; then somebody has to ask for more

export function logSearch(path, signal) {
  const input = h("input", { type: "search", placeholder: t("log.search"), "aria-label": t("log.search"), maxlength: "256" });
  const form = h("form", { role: "search", onsubmit: (event) => { event.preventDefault(); look(); } }, input);
  const count = h("span", { role: "status" });
  const stop = h("button", { class: "link", onclick: () => running?.abort() }, t("log.stop"));
  const older = h("button", { hidden: true }, t("log.older"));
  const list = h("ol", { class: "matches" });
  const found = h("div", { class: "found", hidden: true },
    h("p", {}, count, " ", stop, " ", h("button", { class: "link", onclick: hide }, t("log.back"))), list, older);
  let running = null;

  async function look(before) {
    running?.abort();
    const wanted = input.value;
    if (!wanted) return hide();
    running = new AbortController();
    const mine = running;
    if (!before) list.replaceChildren();
    older.hidden = true;
    stop.hidden = found.hidden = false;
    let fresh = 0, next = before, size = 0, failure = "";
    try {
      do {
        const parameters = { text: wanted, ignore_case: "true", limit: ENOUGH - fresh };
        if (next) parameters.before = next;
        const result = await get(`${path()}/search`, parameters, mine.signal);
        if (mine.signal.aborted) break;
        list.append(...result.matches.map((match) => h("li", {}, highlight(plain(match.text), wanted))));
        fresh += result.matches.length;
        [next, size] = [result.next_before, result.size];
        setText(count, t("log.searching", { count: list.childElementCount, done: bytes(size - next), total: bytes(size) }));
      } while (next && fresh < ENOUGH);
    } catch (error) {
      if (error.name !== "AbortError") failure = error.message;
    }
    if (running !== mine) return;
    running = null;
    stop.hidden = true;
    older.hidden = !next;
    older.onclick = () => look(next);
    const searched = next ? ` ${t("log.searched", { done: bytes(size - next), total: bytes(size) })}` : "";
    setText(count, failure || t("log.found", { count: list.childElementCount }) + searched);
  }

  function hide() {
    running?.abort();
    running = null;
    found.hidden = true;
    input.value = "";
  }

  signal.addEventListener("abort", () => running?.abort());
  return { form, found, hide, controls: [input] };
}

function highlight(text, wanted) {
  const nodes = [];
  const lower = text.toLowerCase(), needle = wanted.toLowerCase();
  let from = 0;
  for (let hit = lower.indexOf(needle); hit >= 0; hit = lower.indexOf(needle, from)) {
    nodes.push(text.slice(from, hit), h("mark", {}, text.slice(hit, hit + needle.length)));
    from = hit + needle.length;
  }
  nodes.push(text.slice(from));
  return nodes;
}
