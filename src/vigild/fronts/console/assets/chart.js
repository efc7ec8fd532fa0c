// Lines over time, as SVG: small ones in rows, large ones with axes. Each says in words what it shows.
import { h, s } from "./dom.js";
import { t } from "./i18n.js";

const LONGEST_STEP = 210; // seconds between samples that belong together: one a minute is kept, and some may be late

export function sparkline(label) {
  const width = 64, height = 16;
  return s("svg", { class: "sparkline", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label });
}

// points: [{at, [key]}], in order; the line is about `seconds` until the last of them or `now`.
export function updateSparkline(svg, points, key, now, seconds) {
  const width = 64, height = 16;
  const known = points.filter((point) => point[key] !== null && point[key] !== undefined && point.at > now - seconds);
  let path = svg.firstChild;
  if (!path) {
    path = s("path", {});
    svg.append(path);
  }
  if (known.length < 2) return path.setAttribute("d", "");
  const top = Math.max(...known.map((point) => point[key]), 1e-9);
  const end = Math.max(now, known[known.length - 1].at);
  let d = "", before = -Infinity;
  for (const point of known) {
    const x = width * (1 - (end - point.at) / seconds), y = height - 1 - (point[key] / top) * (height - 2);
    d += `${point.at - before > LONGEST_STEP ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    before = point.at;
  }
  path.setAttribute("d", d);
}

function ticks(top, isWhole) {
  const raw = isWhole ? Math.max(top / 3, 1) : top / 3;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((candidate) => candidate >= raw);
  const found = [];
  for (let value = 0; value <= top * 1.0001; value += step) found.push(value);
  return found;
}

// points: [{at, value, max}], in order. `format` writes a value.
export function chart({ title, points, since, until, format, binary = false, whole = false }) {
  // As many units as pixels, about: what is written in it is to be read on a phone, too.
  const width = matchMedia("(max-width: 760px)").matches ? 340 : 560, height = 160, left = 58, bottom = 20;
  const known = points.filter((point) => point.value !== null && point.value !== undefined);
  const values = known.map((point) => Math.max(point.value, point.max ?? 0));
  const figure = h("figure", { class: "chart" });
  const caption = h("figcaption", {}, h("strong", {}, title));
  figure.append(caption);
  if (!known.length) {
    figure.append(h("p", { class: "quiet" }, t("chart.none")));
    return figure;
  }
  const last = known[known.length - 1].value;
  const mean = known.reduce((sum, point) => sum + point.value, 0) / known.length;
  const words = t("chart.words", { last: format(last), mean: format(mean), max: format(Math.max(...values)) });
  caption.append(" ", h("span", { class: "quiet" }, words));
  const scale = binary ? 1024 ** Math.floor(Math.log(Math.max(...values, 1)) / Math.log(1024)) : 1;
  const top = (Math.max(...values) / scale) * 1.05 * scale || 1;
  const x = (at) => left + ((at - since) / (until - since)) * (width - left - 6);
  const y = (value) => height - bottom - (value / top) * (height - bottom - 8);
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${words}` });
  for (const value of ticks(top / scale, whole)) {
    const line = y(value * scale);
    if (line < 4) continue;
    svg.append(s("line", { x1: left, x2: width - 6, y1: line, y2: line, class: "grid" }));
    svg.append(s("text", { x: left - 6, y: line + 4, class: "axis end" }, format(value * scale)));
  }
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const day = until - since > 172800 ? { month: "numeric", day: "numeric" } : clock;
  for (let index = 0; index <= 4; index += 1) {
    const at = since + ((until - since) * index) / 4;
    const anchor = index === 4 ? "axis end" : index === 0 ? "axis" : "axis middle";
    svg.append(s("text", { x: x(at), y: height - 4, class: anchor }, new Date(at * 1000).toLocaleString([], day)));
  }
  const gap = Math.max(((until - since) / Math.max(points.length, 60)) * 3.5, LONGEST_STEP);
  const trace = (pick) => {
    let d = "", before = -Infinity;
    for (const point of known) {
      d += `${point.at - before > gap ? "M" : "L"}${x(point.at).toFixed(1)} ${y(pick(point)).toFixed(1)}`;
      before = point.at;
    }
    return d;
  };
  if (known.some((point) => point.max > point.value)) {
    svg.append(s("path", { d: trace((point) => Math.max(point.max ?? 0, point.value)), class: "line most" }));
  }
  svg.append(s("path", { d: trace((point) => point.value), class: "line" }));
  known.forEach((point, index) => { // one that no line leads to is a dot
    const isAlone = (other) => !other || Math.abs(other.at - point.at) > gap;
    if (isAlone(known[index - 1]) && isAlone(known[index + 1])) svg.append(s("circle", { cx: x(point.at), cy: y(point.value), r: 2.5, class: "dot" }));
  });
  figure.append(svg, readout(svg, known, x, format, width));
  return figure;
}

// What the pointer is over, in words.
function readout(svg, known, x, format, width) {
  const told = h("output", { class: "readout" });
  const mark = s("line", { y1: 4, y2: 140, class: "mark", visibility: "hidden" });
  svg.append(mark);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    const nearest = known.reduce((best, point) => (Math.abs(x(point.at) - at) < Math.abs(x(best.at) - at) ? point : best));
    mark.setAttribute("x1", x(nearest.at));
    mark.setAttribute("x2", x(nearest.at));
    mark.setAttribute("visibility", "visible");
    told.textContent = `${new Date(nearest.at * 1000).toLocaleString()}: ${format(nearest.value)}`;
  });
  svg.addEventListener("pointerleave", () => {
    mark.setAttribute("visibility", "hidden");
    told.textContent = "";
  });
  return told;
}
