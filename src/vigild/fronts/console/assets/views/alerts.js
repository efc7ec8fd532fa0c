// Who is told, and whether it reaches them; with a button to try.
import { at, post } from "../api.js";
import { mayOperate, permit } from "../actions.js";
import { toast } from "../dialog.js";
import { h } from "../dom.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { say } from "../said.js";
import { liveCards } from "./cards.js";

export function showAlerts(place, signal) {
  const testing = new Set();
  place.append(h("h1", {}, t("nav.alerts")));

  function card(alert) {
    const isBad = alert.refused || alert.failing_since || alert.trouble;
    const words = alert.trouble ? say(alert.trouble) : alert.refused ? `${t("alerts.refused")}: ${say(alert.refused)}` : alert.failing_since ? `${t("alerts.failing", { time: time(alert.failing_since) })}: ${say(alert.error)}` : t("alerts.fine");
    const button = h("button", { "data-order": "test", onclick: async () => {
      button.disabled = true;
      testing.add(alert.name);
      try {
        await post(`/alerts/${at(alert.name)}/test`);
        toast(t("alerts.tested", { name: alert.name }), "good");
      } catch (error) {
        toast(error.message, "bad");
      }
      testing.delete(alert.name);
      draw();
    } }, t("alerts.test"));
    permit(button, mayOperate());
    button.disabled ||= testing.has(alert.name);
    return h("article", { class: `card ${isBad ? "failed" : "passed"}`, "data-name": alert.name }, h("h2", {}, alert.name), h("p", { class: isBad ? "bad" : "good" }, words),
      h("p", {}, `${alert.delivered} ${t("alerts.delivered")} · ${alert.waiting} ${t("alerts.waiting")}`),
      alert.held > 0 && h("p", {}, t("alerts.held", { count: alert.held, time: time(alert.held_until), why: t(alert.held_for === "quiet hours" ? "alerts.quiet" : "alerts.limit") })),
      alert.lost > 0 && h("p", { class: "bad" }, t("alerts.lost", { count: alert.lost })), button);
  }

  const draw = liveCards({ place, signal, kind: "alert", path: "/alerts", field: "alerts", none: t("alerts.none"), card });
}
