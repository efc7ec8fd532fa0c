// What the page knows of the daemon, and how it stays true: one list of processes, events that change it, and a
// word about the connection. When events were missed everything is asked for again; nothing old is shown as new.
import { get, urlOf } from "./api.js";

const HISTORY = 60; // samples kept of each process for its charts
const LINE_SECONDS = 900; // what the lines in the table show
const SHORTEST_SECONDS = 60; // and while there is not as much, of all the same
const KEPT_SECONDS = 60; // in one of their points that the daemon has kept; those that are heard come every few seconds
const ASK = 60; // processes whose lines are asked for at once, and
const ASK_CHARACTERS = 2048; // how long their names are together, at most
const RETRY = [500, 1000, 2000, 5000, 10000];
const SILENCE_MS = 20000; // after that long without an event the daemon is asked whether it is there
const ANSWER_MS = 8000;

// Who has to do with some programs only is not told of the daemon, and sees those programs all the same.
function unlessDenied(error) {
  if (error.status !== 403) throw error;
  return null;
}

function inAsks(names) {
  const asks = [];
  let room = 0;
  for (const name of names) {
    room -= name.length + 1;
    if (room < 0 || asks.at(-1).length === ASK) {
      asks.push([]);
      room = ASK_CHARACTERS - name.length;
    }
    asks.at(-1).push(name);
  }
  return asks;
}

class Store extends EventTarget {
  processes = new Map();
  series = new Map(); // name -> {points: [{at, cpu, memory}], usages: []}
  daemon = null;
  role = "viewer";
  who = "";
  via = "";
  connected = false;
  lostAt = 0;
  clockOffset = 0; // the daemon's clock less ours, in seconds
  #source = null;
  #held = null; // events that came while the list was on its way
  #tries = 0;
  #timer = 0;
  #silence = 0;
  #oldest = Infinity; // of all points there have been
  #asked = new Set(); // names whose kept samples were asked for since the list was

  now() {
    return Date.now() / 1000 + this.clockOffset;
  }

  // Ask for everything, and be told of whatever changes from then on. Resolves when there is something to show.
  async open() {
    clearTimeout(this.#timer);
    if (this.#source) this.#source.close();
    this.#source = null;
    try {
      const caller = await get("/caller");
      Object.assign(this, { role: caller.role, who: caller.name, via: caller.via });
      this.#listen();
      await this.#load();
    } catch (error) {
      if (error.status === 401 || error.status === 403) this.#tell("denied", error);
      else this.#lost(true);
    }
  }

  async #load() {
    this.#held = this.#held || [];
    const [daemon, listed] = await Promise.all([get("/daemon").catch(unlessDenied), get("/processes")]);
    this.daemon = daemon;
    this.clockOffset = listed.now - Date.now() / 1000;
    this.#asked.clear();
    this.#take(listed.processes);
    const held = this.#held;
    this.#held = null;
    for (const process of held) this.#update(process);
    this.#back();
  }

  #listen() {
    const source = new EventSource(urlOf("/events", { samples: "true" }));
    this.#source = source;
    source.onerror = () => this.#lost(source.readyState === EventSource.CLOSED);
    const on = (type, callback) => source.addEventListener(type, (event) => {
      if (this.#source !== source) return;
      this.#heard();
      callback(JSON.parse(event.data));
    });
    source.onopen = () => { if (this.#held === null) this.#back(); }; // it goes on where it was
    on("hello", () => {});
    on("reset", () => this.#load().catch(() => this.#lost(true)));
    on("process", (process) => (this.#held ? this.#held.push(process) : this.#update(process)));
    on("group", ({ name, change }) => change === "removed" && this.#removeGroup(name));
    on("samples", ({ samples }) => this.#sample(samples));
    on("daemon", (daemon) => {
      this.daemon = { ...this.daemon, ...daemon };
      this.#tell("daemon");
    });
    for (const type of ["state", "operation", "config", "monitor", "alert", "forward", "history"]) on(type, (data) => this.#tell(type, data));
    this.#heard();
  }

  #heard() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#ask(), SILENCE_MS);
  }

  // Silence is no proof: a laptop that slept, a proxy that died. So it asks.
  async #ask() {
    try {
      await Promise.race([get("/caller"), new Promise((_, fail) => setTimeout(fail, ANSWER_MS))]);
      this.#heard();
    } catch {
      this.#lost(true);
    }
  }

  #back() {
    if (!this.#source || this.#source.readyState !== EventSource.OPEN) {
      if (this.#source) this.#source.addEventListener("open", () => this.#back(), { once: true });
      return;
    }
    this.#tries = 0;
    this.connected = true;
    this.lostAt = 0;
    this.#tell("connection");
  }

  // `isOver`: the browser does not try again by itself.
  #lost(isOver) {
    clearTimeout(this.#silence);
    this.lostAt = this.lostAt || Date.now();
    this.connected = false;
    if (isOver) {
      if (this.#source) this.#source.close();
      this.#source = null;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.open(), RETRY[Math.min(this.#tries, RETRY.length - 1)]);
      this.#tries += 1;
    }
    this.#tell("connection");
  }

  #take(processes) {
    const names = new Set(processes.map((process) => process.name));
    for (const name of this.series.keys()) if (!names.has(name)) this.series.delete(name);
    this.processes = new Map(processes.map((process) => [process.name, process]));
    this.#tell("all");
  }

  #update(process) {
    const isNew = !this.processes.has(process.name);
    const before = this.processes.get(process.name);
    this.processes.set(process.name, { ...before, ...process });
    this.#tell(isNew ? "all" : "process", this.processes.get(process.name));
  }

  #removeGroup(group) {
    for (const process of [...this.processes.values()]) if (process.group === group) this.processes.delete(process.name);
    this.#tell("all");
  }

  #sample(samples) {
    for (const usage of samples) {
      const process = this.processes.get(usage.name);
      if (!process) continue;
      process.usage = usage;
      const { points, usages } = this.#seriesOf(usage.name);
      usages.push(usage);
      if (usages.length > HISTORY) usages.shift();
      const point = { at: usage.at, cpu: usage.cpu_percent, memory: usage.rss_bytes };
      points.push(point);
      this.#oldest = Math.min(this.#oldest, point.at);
      while (points[0].at < point.at - LINE_SECONDS) points.shift();
    }
    this.#tell("samples", samples);
  }

  // How far back the lines go.
  lineSeconds() {
    return Math.min(LINE_SECONDS, Math.max(SHORTEST_SECONDS, this.now() - this.#oldest));
  }

  #seriesOf(name) {
    if (!this.series.has(name)) this.series.set(name, { points: [], usages: [] });
    return this.series.get(name);
  }

  // What the daemon has kept of these, once: a line is there when its row is first seen, and not a quarter of an hour later.
  async fill(names) {
    const wanted = names.filter((name) => !this.#asked.has(name) && !name.includes(","));
    for (const name of wanted) this.#asked.add(name);
    for (const some of inAsks(wanted)) {
      try {
        const { samples } = await get("/samples", { names: some.join(","), minutes: LINE_SECONDS / 60 });
        for (const one of samples) if (this.processes.has(one.name)) this.#merge(one);
        this.#tell("samples", samples);
      } catch (error) {
        if (!error.status) for (const name of some) this.#asked.delete(name); // no answer; else there are none to be had
      }
    }
  }

  #merge({ name, at, cpu_percent: cpu, rss_bytes: memory }) {
    const series = this.#seriesOf(name);
    const taken = new Set(series.points.map((point) => Math.floor(point.at / KEPT_SECONDS)));
    const kept = at.map((begun, index) => ({ at: begun + KEPT_SECONDS / 2, cpu: cpu[index], memory: memory[index] }));
    const since = this.now() - LINE_SECONDS;
    const fresh = kept.filter((point) => point.at >= since && !taken.has(Math.floor(point.at / KEPT_SECONDS)));
    this.#oldest = Math.min(this.#oldest, ...fresh.map((point) => point.at));
    series.points = [...fresh, ...series.points].sort((a, b) => a.at - b.at);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

export const store = new Store();

// Call back for these events until the view is left: `signal` is the view's.
export function on(types, callback, signal) {
  for (const type of types) store.addEventListener(type, callback, { signal });
}
