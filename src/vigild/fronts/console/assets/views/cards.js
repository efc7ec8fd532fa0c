// Pages of cards: what is no process, asked for once, and changed by the events that tell of it. What comes while the
// answer is on its way is newer than the answer.
import { ApiError, get } from "../api.js";
import { h, replaceCards } from "../dom.js";
import { on, store } from "../store.js";

// `kind`: of the events; `path` and `field`: where all of them are asked for; `card` makes one from its facts.
// `draw()` draws anew what is known, for those who know something else of it.
export function liveCards({ place, signal, kind, path, field, none, card }) {
  const list = h("div", { class: "cards" });
  let known = new Map();
  let heard = null; // events that came while the list was on its way
  let asked = 0;
  place.append(list);

  function draw() {
    if (signal.aborted) return;
    replaceCards(list, known.size ? [...known.values()].map(card) : [h("p", { class: "empty" }, none)]);
  }

  async function load() {
    const mine = (asked += 1);
    heard = [];
    try {
      const found = (await get(path))[field];
      if (signal.aborted || mine !== asked) return;
      known = new Map(found.map((facts) => [facts.name, facts]));
      for (const facts of heard) if (known.has(facts.name)) known.set(facts.name, facts);
      draw();
    } catch (error) {
      // Without an answer what was known stays, and the banner says that it is old.
      if (signal.aborted || mine !== asked || !(error instanceof ApiError)) return;
      known = new Map();
      list.replaceChildren(h("p", { class: "empty" }, error.code === "not_found" ? none : error.message));
    } finally {
      if (mine === asked) heard = null;
    }
  }

  on([kind], ({ detail }) => {
    if (heard) heard.push(detail);
    if (!known.has(detail.name)) return heard ? undefined : load(); // it is new, and has its place among the others
    known.set(detail.name, detail);
    draw();
  }, signal);
  on(["connection"], () => (store.connected ? load() : draw()), signal);
  on(["config"], load, signal);
  load();
  return draw;
}
