// Questions before something happens, and what came of it. The browser's own <dialog>: it keeps the focus inside,
// closes on Escape and gives the focus back.
import { h } from "./dom.js";
import { t } from "./i18n.js";

function open(title, content, buttons) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, heading, content, h("div", { class: "buttons" }, buttons));
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  return dialog;
}

// Resolves to true only when somebody said yes.
export function confirmDialog({ title, text, names = [], yes, danger = false }) {
  return new Promise((resolve) => {
    const shown = names.slice(0, 12);
    const list = names.length
      ? h("ul", { class: "names" }, shown.map((name) => h("li", {}, name)),
          names.length > shown.length && h("li", { class: "quiet" }, t("more", { count: names.length - shown.length })))
      : null;
    const no = h("button", { type: "button", onclick: () => dialog.close() }, t("cancel"));
    const go = h("button", { type: "button", class: danger ? "danger" : "primary", onclick: () => dialog.close("yes") }, yes);
    const dialog = open(title, h("div", {}, text && h("p", {}, text), list), [no, go]);
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
    go.focus();
  });
}

export function messageDialog(title, ...content) {
  const close = h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("close"));
  const dialog = open(title, h("div", {}, content), [close]);
  close.focus();
  return dialog;
}

export function askDialog({ title, label, options, yes }) {
  return new Promise((resolve) => {
    const select = h("select", { id: "ask" }, options.map((option) => h("option", { value: option }, option)));
    const no = h("button", { type: "button", onclick: () => dialog.close() }, t("cancel"));
    const go = h("button", { type: "button", class: "primary", onclick: () => dialog.close("yes") }, yes);
    const dialog = open(title, h("p", {}, h("label", { for: "ask" }, label), " ", select), [no, go]);
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? select.value : null));
    select.focus();
  });
}

// A short word at the edge of the page, read out by screen readers.
export function toast(text, kind = "info") {
  let region = document.getElementById("toasts");
  if (!region) {
    region = h("div", { id: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(region);
  }
  const shown = h("div", { class: `toast ${kind}` }, text);
  region.append(shown);
  while (region.childElementCount > 4) region.firstChild.remove();
  setTimeout(() => shown.remove(), kind === "bad" ? 12000 : 5000);
}
