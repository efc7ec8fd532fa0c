// A log, live: followed over server-sent events. What is on the page is bounded, and so is what waits to be put there, so
// that a program that writes ten thousand lines a second is followed as smoothly as one that writes a line a minute.
import { mayOperate, permit } from "../actions.js";
import { AnsiState, lineNodes } from "../ansi.js";
import { at, get, post, urlOf } from "../api.js";
import { confirmDialog, toast } from "../dialog.js";
import { h, setAttribute, setText } from "../dom.js";
import { t } from "../i18n.js";
import { on, store } from "../store.js";
import { logSearch } from "./logsearch.js";

const PIECE = 100; // lines that are laid out together
const MOST = 200; // pieces that are kept: 20,000 lines
const WAITING = 18_000; // lines that wait to be put there
const MOST_CHARACTERS = 8_000_000; // in all of them
const LONGEST = 65536; // characters of a line that has not ended yet
const A_FRAME = 1500; // lines that are put on the page at once
const remembered = { wrap: true, colours: true, channel: "stdout" };

// `base` is the path of the logs below /api/v1: of a process, or of the daemon.
export function showLog(place, signal, name, base) {
  const isDaemon = Boolean(base);
  const path = () => base || `/processes/${at(name)}/logs/${remembered.channel}`;
  const lines = h("div", { class: "lines", tabindex: "0", role: "log", "aria-live": "off" });
  const unended = h("div", { class: "l unended" }); // a prompt, say: shown, and replaced when more of it comes
  const waiting = h("button", { class: "waiting", hidden: true, onclick: () => setFollow(true) });
  const reason = h("p", { class: "quiet reason", role: "status", hidden: true });
  const toggle = (label, get, set) => {
    const box = h("input", { type: "checkbox", checked: get(), onchange: () => set(box.checked) });
    return h("label", {}, box, " ", label);
  };
  const follow = h("button", { "aria-pressed": "true", onclick: () => setFollow(!following) });
  const download = h("a", { class: "button", download: "" }, t("log.download"));
  const clear = !isDaemon && h("button", { onclick: empty }, t("log.clear"));
  const channels = ["stdout", "stderr"].map((channel) => h("button", { class: "chip", onclick: () => { remembered.channel = channel; open(); } }, channel));
  const searching = logSearch(path, signal);
  place.append(h("div", { class: "tools" }, !isDaemon && h("div", { class: "chips", role: "group", "aria-label": t("log.channel") }, channels), follow,
    toggle(t("log.wrap"), () => remembered.wrap, (value) => { remembered.wrap = value; dress(); }),
    toggle(t("log.colours"), () => remembered.colours, (value) => { remembered.colours = value; open(); }),
    searching.form, download, clear), reason, searching.found, h("div", { class: "logbox" }, lines, waiting));

  let source = null, following = true, pending = [], left = 0, due = 0, rest = "", state = new AnsiState(), lost = false, missing = "", held = 0;

  function dress() {
    lines.classList.toggle("wrap", remembered.wrap);
    channels.forEach((button) => button.setAttribute("aria-pressed", String(button.textContent === remembered.channel)));
    lines.setAttribute("aria-label", t("log.label", { name, channel: isDaemon ? "log" : remembered.channel }));
    enable();
  }

  // What can be done with a log that is not there: nothing, and why.
  function enable() {
    reason.hidden = !missing;
    setText(reason, missing);
    for (const control of [follow, ...searching.controls]) {
      control.disabled = Boolean(missing);
      setAttribute(control, "title", missing || null);
    }
    if (clear) {
      permit(clear, mayOperate() && !missing);
      if (missing) clear.title = missing;
    }
    setAttribute(download, "href", missing ? null : urlOf(`${path()}/download`)); // without an address it is no link
    setAttribute(download, "aria-disabled", missing ? "true" : null);
    setAttribute(download, "title", missing || null);
  }

  function setFollow(wanted) {
    following = wanted;
    setText(follow, t(following ? "log.pause" : "log.follow"));
    follow.setAttribute("aria-pressed", String(following));
    if (following) {
      waiting.hidden = true;
      if (!due) due = requestAnimationFrame(put);
      lines.scrollTop = lines.scrollHeight;
    }
  }

  function open() {
    close();
    lines.replaceChildren();
    [pending, left, rest, state, lost, held, missing] = [[], 0, "", new AnsiState(), false, 0, ""];
    searching.hide();
    dress();
    setFollow(true);
    const process = store.processes.get(name);
    if (!isDaemon && process && !process[`${remembered.channel}_log`]) return lack(t("log.none"));
    const opened = new EventSource(urlOf(`${path()}/follow`, { lines: 500 }));
    source = opened;
    opened.addEventListener("output", (event) => { lost = false; take(JSON.parse(event.data).text); });
    opened.addEventListener("reset", () => mark(t("log.rotated")));
    opened.onerror = () => {
      if (opened.readyState === EventSource.CLOSED) whyClosed(opened);
      else if (!lost) mark(t("log.lost"));
      lost = true;
    };
  }

  // An EventSource does not say why it was refused.
  async function whyClosed(opened) {
    try {
      await get(path(), { lines: 1, length: 1 });
    } catch (error) {
      if (opened !== source || signal.aborted) return;
      if (error.status === 404 || error.status === 403) lack(error.code === "no_file" ? t("log.none") : error.message);
      else mark(t("log.lost"));
    }
  }

  function lack(why) {
    missing = why;
    enable();
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
    if (pending.length > WAITING) left += pending.splice(0, pending.length - WAITING).length;
    if (!due) due = requestAnimationFrame(put);
  }

  function mark(text) {
    unended.remove();
    rest = "";
    lines.append(h("div", { class: "piece quiet" }, text));
  }

  // Once a frame, some of what came since. While it is paused what is read stays where it is, and what comes waits.
  function put() {
    due = 0;
    if (signal.aborted) return;
    if (!following) {
      const count = pending.length + left;
      waiting.hidden = !count;
      setText(waiting, t("log.waiting", { count }));
      return;
    }
    unended.remove();
    if (left) mark(t("log.left", { count: left }));
    left = 0;
    for (const line of pending.splice(0, A_FRAME)) append(line);
    if (rest && !pending.length) {
      unended.replaceChildren(...lineNodes(rest, Object.assign(new AnsiState(), state), remembered.colours));
      lines.append(unended);
    }
    while (lines.childElementCount > MOST || (held > MOST_CHARACTERS && lines.childElementCount > 2)) {
      held -= lines.firstElementChild.characters || 0;
      lines.firstElementChild.remove();
    }
    lines.scrollTop = lines.scrollHeight;
    if (pending.length) due = requestAnimationFrame(put);
  }

  function append(line) {
    let piece = lines.lastElementChild;
    if (!piece || piece.childElementCount >= PIECE || piece.characters > LONGEST || piece.classList.contains("quiet")) {
      piece = h("div", { class: "piece" });
      piece.characters = 0;
      lines.append(piece);
    }
    piece.characters += line.length;
    held += line.length;
    piece.append(h("div", { class: "l" }, lineNodes(line, state, remembered.colours)));
  }

  async function empty() {
    if (!(await confirmDialog({ title: t("ask.clear", { name }), yes: t("log.clear"), danger: true }))) return;
    await post(`/processes/${at(name)}/logs/clear`).catch((error) => toast(error.message, "bad"));
  }

  lines.addEventListener("scroll", () => {
    const isAtEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 24;
    if (isAtEnd !== following && !due) setFollow(isAtEnd);
  }, { passive: true });
  on(["connection"], enable, signal);
  if (!isDaemon) on(["process"], ({ detail }) => { if (detail.name === name && missing && detail[`${remembered.channel}_log`] && detail.pid) open(); }, signal);
  signal.addEventListener("abort", close);
  open();
}
