// Elements from values. Text only ever becomes text: nothing a program wrote is read as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.setAttribute("class", value);
    else if (["value", "checked", "disabled", "hidden", "indeterminate", "selected"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(element, child);
    else if (child !== undefined && child !== null && child !== false) element.append(child);
  }
}

// h("a", {href: "#/"}, "text", other): an HTML element. Attributes that begin with "on" are listeners.
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// The same for SVG.
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Set a text only where it changed: a thousand rows are looked at every time, and few change.
export function setText(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// New cards in place of old ones that may be the same: what was unfolded stays so, and the focus stays where it was.
export function replaceCards(list, cards) {
  const named = (card) => `[data-name="${CSS.escape(card.dataset.name)}"]`;
  const open = [...list.children].filter((card) => card.querySelector("details[open]")).map(named);
  const focused = list.contains(document.activeElement) && document.activeElement;
  const order = focused && focused.dataset.order;
  const held = focused && `${named(focused.closest("[data-name]"))} ${order ? `[data-order="${order}"]` : "summary"}`;
  list.replaceChildren(...cards);
  for (const card of open) list.querySelector(`${card} details`)?.setAttribute("open", "");
  if (held) list.querySelector(held)?.focus({ preventScroll: true });
}
