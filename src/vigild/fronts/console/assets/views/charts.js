// Charts of what a process, or the daemon itself, used: an hour, a day, a month.
import { ApiError, get } from "../api.js";
import { chart } from "../chart.js";
import { h } from "../dom.js";
import { bytes, percent } from "../format.js";
import { t } from "../i18n.js";
import { on, store } from "../store.js";

const RANGES = [3600, 86400, 2592000];
const AGAIN_MS = 60000; // what is kept has one more of each minute; what was heard since is drawn as it comes

// `path` of the samples in the API; `fresh()`: those that were heard of since, and are kept nowhere yet.
// `machine`: they are of the whole machine.
export function chartsOf(place, signal, path, fresh = () => [], machine = false) {
  const choice = h("div", { class: "chips", role: "group", "aria-label": t("process.charts") });
  const charts = h("div", { class: "charts" });
  const buttons = RANGES.map((seconds) => h("button", { class: "chip", onclick: () => { range = seconds; ask(); } }, t(`range.${seconds}`)));
  let range = RANGES[0], kept = [];
  choice.append(...buttons);
  place.append(choice, charts);

  async function ask() {
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(RANGES[index] === range)));
    const mine = range, until = store.now();
    let found = [];
    try {
      found = (await get(path, { since: (until - mine).toFixed(0), until: until.toFixed(0), points: 240 })).samples;
    } catch (error) {
      if (!(error instanceof ApiError)) return;
    }
    if (signal.aborted || mine !== range) return;
    kept = found;
    draw();
  }

  function draw() {
    const until = store.now(), since = until - range;
    let points = [...kept];
    const heard = fresh(), last = points.length ? points[points.length - 1].at : since;
    if (range === RANGES[0] && heard.length) points = [...points.filter((point) => point.at < heard[0].at), ...heard]; // finer
    else points.push(...heard.filter((usage) => usage.at > last)); // what is kept is older than what was just heard
    const series = (key) => points.map((point) => ({ at: point.at, value: point[key], max: point[`${key}_max`] }));
    // What began lately has its chart filled, and not a stroke at its edge: down to a twelfth of the range.
    const begin = points.length ? Math.max(since, Math.min(points[0].at, until - range / 12)) : since;
    const common = { since: begin, until }, count = (value) => String(Math.round(value));
    const load = (value) => value.toFixed(2);
    if (machine) charts.replaceChildren(
      chart({ ...common, title: t("chart.machine.cpu"), points: series("cpu_percent"), format: percent }),
      chart({ ...common, title: t("chart.machine.load"), points: series("load1"), format: load }),
      chart({ ...common, title: t("chart.machine.memory"), points: series("memory_bytes"), format: bytes, binary: true }),
      chart({ ...common, title: t("chart.machine.swap"), points: series("swap_bytes"), format: bytes, binary: true }));
    else charts.replaceChildren(
      chart({ ...common, title: t("chart.cpu"), points: series("cpu_percent"), format: percent }),
      chart({ ...common, title: t("chart.memory"), points: series("rss_bytes"), format: bytes, binary: true }),
      chart({ ...common, title: t("chart.threads"), points: series("threads"), format: count, whole: true }),
      chart({ ...common, title: t("chart.files"), points: series("open_files"), format: count, whole: true }));
  }

  const asking = setInterval(ask, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(asking));
  on(["samples"], ({ detail }) => {
    const newest = fresh().at(-1);
    if (newest && detail.includes(newest) && !charts.matches(":hover")) draw(); // not while somebody reads a figure off it
  }, signal);
  on(["connection"], () => store.connected && ask(), signal);
  ask();
}
