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

// New cards in place of old ones: those that are the same stay, what was unfolded stays so, and the focus where it was.
export function replaceCards(list, cards) {
  const old = [...list.children];
  if (old.length !== cards.length || old.some((card, index) => card.dataset.name !== cards[index].dataset.name)) {
    list.replaceChildren(...cards.map((card) => old.find((one) => one.dataset.name && one.dataset.name === card.dataset.name) || card));
  }
  [...list.children].forEach((card, index) => card !== cards[index] && replaceCard(card, cards[index]));
}

function replaceCard(old, card) {
  const isOpen = Boolean(old.querySelector("details[open]"));
  if (isOpen) card.querySelector("details")?.setAttribute("open", "");
  if (old.isEqualNode(card)) return;
  const focused = old.contains(document.activeElement) && document.activeElement;
  const order = focused && focused.dataset.order;
  old.replaceWith(card);
  if (focused) card.querySelector(order ? `[data-order="${order}"]` : "summary")?.focus({ preventScroll: true });
}
