// Orders: asked for once more where they end something, carried out, and the outcome of each name shown.
import { get, post } from "./api.js";
import { askDialog, confirmDialog, messageDialog, toast } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { problemWords, say } from "./said.js";
import { store } from "./store.js";

export const SIGNALS = ["HUP", "USR1", "USR2", "INT", "QUIT", "TERM", "KILL", "CONT", "STOP", "WINCH"];
const WAIT_SECONDS = 5;

export function mayOperate() {
  return store.role !== "viewer" && store.connected;
}

export function isAdmin() {
  return store.role === "admin" && store.connected;
}

// A button that is there for those who may; for others it says why not.
export function permit(button, may) {
  button.disabled = !may;
  const why = store.connected ? t("denied.role", { role: t(`role.${store.role}`) }) : t("denied.lost");
  if (may) button.removeAttribute("title");
  else button.title = why;
}

// action: start, stop, restart, signal. Asks before whatever ends a program.
export async function act(action, names, { sure = false } = {}) {
  if (!names.length) return;
  let signal;
  if (action === "signal") {
    signal = await askDialog({ title: t("signal.title"), label: t("signal.which"), options: SIGNALS, yes: t("do.signal") });
    if (!signal) return;
  } else if (action !== "start" && !sure) {
    const title = t(`ask.${action}`, { count: names.length });
    if (!(await confirmDialog({ title, names, yes: t(`do.${action}`), danger: true }))) return;
  }
  try {
    const body = { action, names, wait_seconds: WAIT_SECONDS };
    if (signal) body.signal = signal;
    await follow(await post("/actions", body));
  } catch (error) {
    toast(error.message, "bad");
  }
}

// Wait for an operation to its end; then say what came of it.
export async function follow(operation) {
  const label = () => t("op.going", { action: t(`op.${operation.action}`), done: operation.outcomes.length, total: operation.total });
  while (operation.state === "running") {
    toast(label());
    operation = await get(`/operations/${operation.id}`, { wait_seconds: 20 });
  }
  tell(operation);
  return operation;
}

// Why it did not work for one process: what is known of it says more than the code.
function refusal({ name, code, detail }) {
  return say(detail) || say(store.processes.get(name)?.error) || problemWords({ code, title: code.replaceAll("_", " ") });
}

function tell(operation) {
  const failed = operation.outcomes.filter((outcome) => !outcome.ok);
  const good = operation.outcomes.length - failed.length;
  if (!failed.length && !operation.error) {
    toast(t("op.done", { action: t(`op.${operation.action}`), count: good }), "good");
    return;
  }
  const rows = [...failed, ...operation.outcomes.filter((outcome) => outcome.ok)].slice(0, 200).map((outcome) =>
    h("tr", { class: outcome.ok ? "" : "bad" }, h("td", {}, outcome.name),
      h("td", {}, outcome.ok ? t("op.ok") : refusal(outcome))));
  messageDialog(
    t("op.failed", { action: t(`op.${operation.action}`), bad: failed.length, good }),
    operation.error && h("p", { class: "bad" }, say(operation.error)),
    h("div", { class: "scroll" }, h("table", { class: "plain" }, h("tbody", {}, rows))),
  );
}
