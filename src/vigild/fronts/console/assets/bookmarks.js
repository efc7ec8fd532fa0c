// Links of Supervisor's console: /?action=stop&processname=web and /tail.html?processname=web. There they acted at once,
// on a GET; here the page is shown, and what the link wants is asked for.
import { post, at } from "./api.js";
import { act } from "./actions.js";
import { confirmDialog, toast } from "./dialog.js";
import { t } from "./i18n.js";
import { store } from "./store.js";

const ACTIONS = { start: "start", stop: "stop", restart: "restart", startall: "start", stopall: "stop", restartall: "restart" };

export async function followBookmark() {
  const asked = new URLSearchParams(location.search);
  const action = asked.get("action");
  const name = asked.get("processname") || "";
  const isTail = location.pathname === "/tail.html" || action === "tail";
  history.replaceState(null, "", `/${location.hash}`);
  if (isTail && name) {
    location.hash = `#/process/${encodeURIComponent(name)}/log`;
    return;
  }
  if (action === "clearlog" && name) {
    if (await confirmDialog({ title: t("ask.clear", { name }), text: t("bookmark.text"), yes: t("log.clear"), danger: true })) {
      await post(`/processes/${at(name)}/logs/clear`).catch((error) => toast(error.message, "bad"));
    }
    return;
  }
  if (!(action in ACTIONS)) return;
  const isAll = action.endsWith("all");
  if (!isAll && !name) return;
  const order = ACTIONS[action];
  const names = isAll ? [...store.processes.keys()] : [name];
  const title = t("bookmark.title", { action: `${t(`do.${order}`)} ${isAll ? t("bookmark.all") : name}` });
  if (await confirmDialog({ title, text: t("bookmark.text"), names, yes: t("bookmark.do"), danger: order !== "start" })) {
    await act(order, isAll ? ["*"] : names, { sure: true });
  }
}
