// Where output is sent besides its logs, and whether it arrives; with a button to try.
import { at, post } from "../api.js";
import { mayOperate, permit } from "../actions.js";
import { toast } from "../dialog.js";
import { h } from "../dom.js";
import { bytes, time } from "../format.js";
import { t } from "../i18n.js";
import { say } from "../said.js";
import { liveCards } from "./cards.js";

export function showForwards(place, signal) {
  const testing = new Set();
  place.append(h("h1", {}, t("nav.forwards")));

  async function test(name, button) {
    button.disabled = true;
    testing.add(name);
    try {
      const { text } = await post(`/forwards/${at(name)}/test`);
      toast(`${t("forwards.tested", { name })} ${say(text)}`, "good");
    } catch (error) {
      toast(error.message, "bad");
    }
    testing.delete(name);
    draw();
  }

  function card(forward) {
    const isBad = Boolean(forward.trouble || forward.failing_since);
    const words = say(forward.trouble) || (forward.failing_since ? `${t("forwards.failing", { time: time(forward.failing_since) })}: ${say(forward.error)}` : t("forwards.fine"));
    const button = h("button", { "data-order": "test", onclick: () => test(forward.name, button) }, t("forwards.test"));
    permit(button, mayOperate());
    button.disabled ||= testing.has(forward.name);
    const number = (count) => count.toLocaleString();
    const lost = [
      forward.dropped_lines > 0 && t("forwards.dropped", { count: number(forward.dropped_lines) }),
      forward.refused_lines > 0 && t("forwards.refused", { count: number(forward.refused_lines) }),
      forward.unsent_bytes > 0 && t("forwards.unsent", { size: bytes(forward.unsent_bytes) }),
    ].filter(Boolean);
    return h("article", { class: `card ${isBad ? "failed" : lost.length ? "changed" : "passed"}`, "data-name": forward.name },
      h("h2", {}, forward.name), forward.url && h("p", {}, h("code", {}, forward.url)),
      h("p", { class: "quiet" }, `${forward.programs.join(", ")} · ${forward.channels.join(", ")} · ${t("forwards.streams", { count: forward.streams })}`),
      h("p", { class: isBad ? "bad" : "good" }, words),
      h("p", {}, t("forwards.sent", { count: number(forward.sent_lines), size: bytes(forward.sent_bytes) }), " · ",
        t("forwards.waiting", { count: number(forward.waiting_lines), size: bytes(forward.waiting_bytes) })),
      lost.map((text) => h("p", { class: "bad" }, text)), button);
  }

  const draw = liveCards({ place, signal, kind: "forward", path: "/forwards", field: "forwards", none: t("forwards.none"), card });
}
