// Terminal colours (SGR) of a log line as spans. Every other control sequence is dropped, never obeyed.
import { h } from "./dom.js";

const SEQUENCE = /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

function colour256(number) {
  if (number < 16) return null;
  if (number >= 232) {
    const grey = 8 + (number - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const level = (part) => (part ? 55 + part * 40 : 0);
  number -= 16;
  return `rgb(${level(Math.floor(number / 36))} ${level(Math.floor(number / 6) % 6)} ${level(number % 6)})`;
}

export class AnsiState {
  constructor() {
    this.reset();
  }

  reset() {
    Object.assign(this, { bold: false, dim: false, italic: false, underline: false, inverse: false, front: null, back: null });
  }

  get isPlain() {
    return !(this.bold || this.dim || this.italic || this.underline || this.inverse || this.front || this.back);
  }

  apply(parameters) {
    const codes = parameters === "" ? [0] : parameters.split(/[;:]/).map(Number);
    for (let i = 0; i < codes.length; i += 1) {
      const code = codes[i];
      if (code === 0) this.reset();
      else if (code === 1) this.bold = true;
      else if (code === 2) this.dim = true;
      else if (code === 3) this.italic = true;
      else if (code === 4) this.underline = true;
      else if (code === 7) this.inverse = true;
      else if (code === 22) this.bold = this.dim = false;
      else if (code === 23) this.italic = false;
      else if (code === 24) this.underline = false;
      else if (code === 27) this.inverse = false;
      else if (code >= 30 && code <= 37) this.front = code - 30;
      else if (code >= 90 && code <= 97) this.front = code - 82;
      else if (code === 39) this.front = null;
      else if (code >= 40 && code <= 47) this.back = code - 40;
      else if (code >= 100 && code <= 107) this.back = code - 92;
      else if (code === 49) this.back = null;
      else if (code === 38 || code === 48) {
        const which = code === 38 ? "front" : "back";
        if (codes[i + 1] === 5) {
          this[which] = codes[i + 2] < 16 ? codes[i + 2] : colour256(codes[i + 2]);
          i += 2;
        } else if (codes[i + 1] === 2) {
          this[which] = `rgb(${codes.slice(i + 2, i + 5).map((part) => part & 255).join(" ")})`;
          i += 4;
        }
      }
    }
  }

  span(text) {
    const names = ["bold", "dim", "italic", "underline", "inverse"].filter((name) => this[name]).map((name) => `a-${name}`);
    for (const [which, letter] of [["front", "f"], ["back", "b"]]) {
      if (typeof this[which] === "number") names.push(`a-${letter}${this[which]}`);
    }
    const span = h("span", { class: names.join(" ") }, text);
    if (typeof this.front === "string") span.style.color = this.front;
    if (typeof this.back === "string") span.style.backgroundColor = this.back;
    return span;
  }
}

// The nodes of one line; `state` goes on into the next. Without `colours`, the text alone.
export function lineNodes(line, state, colours) {
  if (!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(line) && state.isPlain) return [line];
  const nodes = [];
  let from = 0;
  const put = (text) => text && nodes.push(colours && !state.isPlain ? state.span(text) : text);
  for (const found of line.matchAll(SEQUENCE)) {
    put(line.slice(from, found.index));
    from = found.index + found[0].length;
    if (found[1] !== undefined) state.apply(found[1]);
  }
  put(line.slice(from));
  return nodes;
}

export function plain(line) {
  return line.replace(SEQUENCE, "");
}
