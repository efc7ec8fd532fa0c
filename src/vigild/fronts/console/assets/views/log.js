// A log, live: followed over server-sent events, in pieces of a hundred lines so that ten thousand stay smooth.
import { mayOperate } from "../actions.js";
import { AnsiState, lineNodes, plain } from "../ansi.js";
import { at, get, post, urlOf } from "../api.js";
import { confirmDialog, toast } from "../dialog.js";
import { h, setText } from "../dom.js";
import { t } from "../i18n.js";

const PIECE = 100; // lines
const LONGEST = 65536; // characters of a line that has not ended yet
const MOST = 200; // pieces that are kept: 20,000 lines
const remembered = { wrap: true, colours: true, channel: "stdout" };

// `base` is the path of the logs below /api/v1: of a process, or of the daemon.
export function showLog(place, signal, name, base) {
  const isDaemon = Boolean(base);
  const path = () => base || `/processes/${at(name)}/logs/${remembered.channel}`;
  const lines = h("div", { class: "lines", tabindex: "0", role: "log", "aria-live": "off" });
  const unended = h("div", { class: "l unended" }); // a prompt, say: shown, and replaced when more of it comes
  const waiting = h("button", { class: "waiting", hidden: true, onclick: () => setFollow(true) });
  const toggle = (label, get, set) => {
    const box = h("input", { type: "checkbox", checked: get(), onchange: () => set(box.checked) });
    return h("label", {}, box, " ", label);
  };
  const follow = h("button", { "aria-pressed": "true", onclick: () => setFollow(!following) });
  const search = h("input", { type: "search", placeholder: t("log.search"), "aria-label": t("log.search") });
  const download = h("a", { class: "button", download: "" }, t("log.download"));
  const channels = ["stdout", "stderr"].map((channel) => h("button", { class: "chip", onclick: () => { remembered.channel = channel; open(); } }, channel));
  const found = h("div", { class: "found", hidden: true });
  place.append(h("div", { class: "tools" }, !isDaemon && h("div", { class: "chips", role: "group" }, channels), follow,
    toggle(t("log.wrap"), () => remembered.wrap, (value) => { remembered.wrap = value; dress(); }),
    toggle(t("log.colours"), () => remembered.colours, (value) => { remembered.colours = value; open(); }),
    h("form", { role: "search", onsubmit: (event) => { event.preventDefault(); look(); } }, search), download,
    !isDaemon && h("button", { disabled: !mayOperate(), onclick: clear }, t("log.clear"))), found, h("div", { class: "logbox" }, lines, waiting));

  let source = null, following = true, unseen = 0, pending = [], due = 0, rest = "", state = new AnsiState(), lost = false;

  function dress() {
    lines.classList.toggle("wrap", remembered.wrap);
    channels.forEach((button) => button.setAttribute("aria-pressed", String(button.textContent === remembered.channel)));
    lines.setAttribute("aria-label", t("log.label", { name, channel: isDaemon ? "log" : remembered.channel }));
    download.href = urlOf(`${path()}/download`);
  }

  function setFollow(wanted) {
    following = wanted;
    setText(follow, t(following ? "log.pause" : "log.follow"));
    follow.setAttribute("aria-pressed", String(following));
    if (following) {
      unseen = 0;
      waiting.hidden = true;
      lines.scrollTop = lines.scrollHeight;
    }
  }

  function open() {
    close();
    lines.replaceChildren();
    [pending, rest, state, lost] = [[], "", new AnsiState(), false];
    dress();
    setFollow(true);
    source = new EventSource(urlOf(`${path()}/follow`, { lines: 500 }));
    source.addEventListener("output", (event) => { lost = false; take(JSON.parse(event.data).text); });
    source.addEventListener("reset", () => mark(t("log.rotated")));
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) mark(t("log.none"));
      else if (!lost) mark(t("log.lost"));
      lost = true;
    };
  }

  function close() {
    if (source) source.close();
    source = null;
  }

  function take(text) {
    const parts = (rest + text).split("\n");
    rest = parts.pop();
    for (const part of parts) pending.push(part);
    if (rest.length > LONGEST) {
      pending.push(rest);
      rest = "";
    }
    if (!due) due = requestAnimationFrame(put);
  }

  function mark(text) {
    unended.remove();
    rest = "";
    lines.append(h("div", { class: "piece quiet" }, text));
  }

  // Once a frame, whatever came since.
  function put() {
    due = 0;
    if (signal.aborted) return;
    if (pending.length > PIECE * MOST) pending = pending.slice(-PIECE * MOST);
    const count = pending.length;
    unended.remove();
    let piece = lines.lastElementChild;
    for (const line of pending) {
      if (!piece || piece.childElementCount >= PIECE || piece.classList.contains("quiet")) {
        piece = h("div", { class: "piece" });
        lines.append(piece);
      }
      piece.append(h("div", { class: "l" }, lineNodes(line, state, remembered.colours)));
    }
    pending = [];
    if (rest) {
      unended.replaceChildren(...lineNodes(rest, Object.assign(new AnsiState(), state), remembered.colours));
      lines.append(unended);
    }
    while (lines.childElementCount > MOST) lines.firstElementChild.remove();
    if (following) lines.scrollTop = lines.scrollHeight;
    else if (count) {
      unseen += count;
      waiting.hidden = false;
      setText(waiting, t("log.waiting", { count: unseen }));
    }
  }

  async function look(before) {
    if (!search.value) return hideFound();
    try {
      const parameters = { text: search.value, ignore_case: "true", limit: 200 };
      if (before) parameters.before = before;
      const result = await get(`${path()}/search`, parameters);
      if (!before) found.replaceChildren(h("p", {}, h("span", { class: "count" }), " ", h("button", { class: "link", onclick: hideFound }, t("log.back"))));
      const list = h("ol", { class: "matches" }, result.matches.map((match) => h("li", {}, highlight(plain(match.text), search.value))));
      found.querySelector(".older")?.remove();
      found.append(list);
      if (result.next_before) found.append(h("button", { class: "older", onclick: () => look(result.next_before) }, t("log.older")));
      setText(found.querySelector(".count"), t("log.found", { count: found.querySelectorAll("li").length }));
      found.hidden = false;
    } catch (error) {
      toast(error.message, "bad");
    }
  }

  function hideFound() {
    found.hidden = true;
    search.value = "";
  }

  async function clear() {
    if (!(await confirmDialog({ title: t("ask.clear", { name }), yes: t("log.clear"), danger: true }))) return;
    await post(`/processes/${at(name)}/logs/clear`).catch((error) => toast(error.message, "bad"));
  }

  lines.addEventListener("scroll", () => {
    const isAtEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 24;
    if (isAtEnd !== following && !due) setFollow(isAtEnd);
  }, { passive: true });
  signal.addEventListener("abort", close);
  open();
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
