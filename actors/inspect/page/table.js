import * as api from "./api.js";
import { $, attr, badge, el, icon, put } from "./dom.js";
import { age, exact, lost, parted, short } from "./format.js";
import { List } from "./list.js";
import { Plot, Series } from "./plot.js";

// columns by the names under which api/sockets sorts. falls: most first is what one wants to see.
const columns = [
  { key: "state", title: "State" },
  { key: "id", title: "Socket" },
  { key: "type", title: "Type" },
  { key: "", title: "Traffic" },
  { key: "sent", title: "Sent/s", number: true, falls: true },
  { key: "received", title: "Recv/s", number: true, falls: true, long: "Received/s" },
  { key: "queued", title: "Queued", number: true, falls: true, long: "Queued in the outbox" },
  { key: "unprocessed", title: "In work", number: true, falls: true, long: "Unprocessed by the receiver that has most" },
  { key: "peers", title: "Peers", number: true, falls: true },
  { key: "lost", title: "Lost", number: true, falls: true },
  { key: "restarts", title: "Restarts", number: true, falls: true },
  { key: "lastErrorAt", title: "Last error", falls: true },
];

const ahead = 20; // rows that are asked for above and below what is seen
const remembered = 400; // sockets whose traffic is kept for a plot

// Table is the sockets, of which it has those in view.
export class Table {
  constructor(app) {
    this.app = app;
    this.rows = [];
    this.offset = 0;
    this.answered = 0; // how many requests, the newest of those that were answered
    this.asked = 0;
    this.traffic = new Map();
    this.box = $("table");
    this.list = new List(this.box, {
      name: "socket", role: "row", head: this.head(),
      make: (row) => this.make(row), draw: (row, i) => this.draw(row, i),
      open: (i) => this.at(i) && app.choose(this.at(i).id),
      moved: (i) => app.route.id && this.at(i) && app.follow(this.at(i).id),
      seen: () => this.cover(),
    });
    this.sorter();
  }

  at(i) {
    return this.rows[i - this.offset];
  }

  // head is the row of buttons: one stop for Tab, arrows go along it.
  head() {
    this.heads = columns.filter((c) => c.key).map((c) => {
      const button = el("button", { type: "button", tabindex: "-1", title: c.long ?? null, "data-sort": c.key, on: { click: () => this.sort(c) } }, el("span", { text: c.title }), icon("up"));
      return { column: c, button };
    });
    this.heads[1].button.tabIndex = 0;
    const row = el("div", { class: "head row", role: "row" }, ...columns.map((c) => {
      const button = this.heads.find((h) => h.column === c)?.button;
      return el("div", { role: "columnheader", class: "c-" + (c.key || "traffic") + (c.number ? " number" : "") }, button ?? el("span", { text: c.title }));
    }));
    row.addEventListener("keydown", (e) => this.along(e));
    return el("div", { role: "rowgroup", class: "heads" }, row);
  }

  along(e) {
    const shown = this.heads.filter((h) => h.button.offsetParent);
    const at = shown.findIndex((h) => h.button === e.target);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: shown.length - 1 }[e.key];
    if (e.key === "ArrowDown") this.box.focus();
    else if (at < 0 || to === undefined) return;
    else if (shown[to]) {
      for (const h of this.heads) h.button.tabIndex = h === shown[to] ? 0 : -1;
      shown[to].button.focus();
    }
    e.preventDefault();
  }

  // sorter is what sorts where the head has no room.
  sorter() {
    $("sort").append(...this.heads.map(({ column }) => el("option", { value: column.key, text: "by " + (column.long ?? column.title) })));
    $("sort").addEventListener("change", () => this.sort(columns.find((c) => c.key === $("sort").value)));
    $("order").addEventListener("click", () => this.app.go({ desc: !this.app.route.desc }));
  }

  sort(c) {
    const r = this.app.route;
    this.app.go({ sort: c.key, desc: r.sort === c.key ? !r.desc : !!c.falls });
  }

  // show draws what the route says, at once, and asks for the rows.
  show() {
    const r = this.app.route;
    for (const { column, button } of this.heads) {
      const on = r.sort === column.key;
      attr(button.parentNode, "aria-sort", on ? (r.desc ? "descending" : "ascending") : null);
      attr(button.querySelector("use"), "href", on && r.desc ? "#i-down" : "#i-up");
    }
    $("sort").value = r.sort;
    $("order").replaceChildren(icon(r.desc ? "down" : "up"));
    attr($("order"), "aria-label", r.desc ? "largest first; change" : "smallest first; change");
    if (this.key() !== this.box.dataset.shown) this.box.scrollTop = 0;
    this.list.draw();
    return this.load();
  }

  // key is the question without the part that is seen.
  key() {
    const { q, state, type, gone, sort, desc } = this.app.route;
    return JSON.stringify([q, state, type, gone, sort, desc]);
  }

  // load asks for what is in view. A newer question ends an older one; scrolling waits for the one on its way.
  async load() {
    const { q, state, type, gone, sort, desc } = this.app.route;
    const key = this.key();
    if (this.flight?.key === key) {
      this.flight.again = true;
      return;
    }
    this.flight?.stop.abort();
    const flight = { key, stop: new AbortController(), again: false };
    this.flight = flight;
    try {
      do {
        flight.again = false;
        const { first, last } = this.list.range();
        const offset = Math.max(0, first - ahead);
        const limit = Math.min(500, Math.max(last - first, 30) + 2 * ahead);
        const answer = await api.sockets({ q, state, type, gone, sort, desc, offset, limit }, flight.stop.signal);
        if (this.flight !== flight) return;
        this.take(answer, key);
      } while (flight.again && !this.covered());
    } catch (e) {
      if (flight.stop.signal.aborted) return;
      throw e;
    } finally {
      if (this.flight === flight) this.flight = null;
    }
  }

  take(answer, key) {
    this.rows = answer.sockets;
    this.offset = answer.offset;
    this.now = Date.parse(answer.at);
    this.remember();
    this.list.size(answer.total);
    this.list.draw();
    this.box.dataset.shown = key;
    attr(this.box, "aria-rowcount", answer.total + 1);
    this.app.counted(answer.total);
    this.none(answer.total);
  }

  none(total) {
    const r = this.app.route;
    const filtered = r.q || r.state || r.type;
    $("table-none").hidden = total > 0;
    put($("table-none"), filtered ? "No socket fits the filter." : r.gone ? "No socket has stopped yet." : "No sockets. They appear here as soon as one is spawned.");
  }

  covered() {
    const { first, last } = this.list.range();
    return first >= this.offset && (last < this.offset + this.rows.length || this.offset + this.rows.length >= this.list.count);
  }

  cover() {
    if (this.list?.count && !this.covered()) this.app.guarded(() => this.load());
  }

  // remember keeps the traffic of those in view, and forgets who was longest out of it.
  remember() {
    for (const s of this.rows) {
      const series = this.traffic.get(s.id) ?? new Series(40);
      series.push(this.now, s.rates.sent + s.rates.received, this.app.interval);
      this.traffic.delete(s.id);
      this.traffic.set(s.id, series);
    }
    for (const id of this.traffic.keys()) {
      if (this.traffic.size <= remembered) break;
      this.traffic.delete(id);
    }
  }

  make(row) {
    const c = (row.cells = {});
    c.state = badge();
    c.path = el("span", { class: "path" });
    c.name = el("span", { class: "name" });
    c.plot = new Plot(["sent"]);
    c.stalled = el("span", { class: "tag", text: "stalled", hidden: true });
    c.queue = gauge();
    c.work = gauge();
    for (const name of ["type", "sent", "received", "peers", "lost", "restarts"]) c[name] = el("span");
    c.when = el("span", { class: "muted" });
    c.error = el("span", { class: "error" });
    const cell = (name, number, ...what) => el("div", { role: "gridcell", class: "c-" + name + (number ? " number" : "") }, ...what);
    row.append(cell("state", false, c.state), cell("id", false, c.path, c.name, c.stalled), cell("type", false, c.type), cell("traffic", false, c.plot.root),
      cell("sent", true, c.sent), cell("received", true, c.received), cell("queued", true, c.queue), cell("unprocessed", true, c.work),
      cell("peers", true, c.peers), cell("lost", true, c.lost), cell("restarts", true, c.restarts), cell("lastErrorAt", false, c.when, c.error));
  }

  draw(row, i) {
    const s = this.at(i);
    row.classList.toggle("blank", !s);
    attr(row, "aria-rowindex", i + 2);
    if (!s) {
      attr(row, "data-id", null);
      return;
    }
    const c = row.cells;
    const [path, name] = parted(s.id);
    attr(row, "data-id", s.id);
    attr(row, "data-state", s.state);
    attr(row, "aria-selected", s.id === this.app.route.id);
    attr(row, "title", s.id);
    c.state.renew(s.state);
    put(c.path, path);
    put(c.name, name);
    c.stalled.hidden = !s.stalled;
    put(c.type, s.type);
    c.plot.draw([this.traffic.get(s.id)].filter(Boolean));
    number(c.sent, short(s.rates.sent));
    number(c.received, short(s.rates.received));
    c.queue.renew(s.queued, s.outboxLimit);
    c.work.renew(s.unprocessed, s.receivers ? s.window : 0);
    number(c.peers, exact(s.peers));
    number(c.lost, short(lost(s)));
    number(c.restarts, exact(s.restarts + s.reopens));
    attr(c.lost.parentNode, "title", lost(s) ? exact(lost(s)) + " messages" : null);
    attr(c.restarts.parentNode, "title", s.restarts + s.reopens ? exact(s.restarts) + " of the actor, " + exact(s.reopens) + " of the native socket" : null);
    put(c.when, s.lastErrorAt ? age(this.now - Date.parse(s.lastErrorAt)) : "");
    put(c.error, s.lastError ?? "");
    attr(c.error.parentNode, "title", s.lastError ?? null);
  }
}

function number(e, text) {
  put(e, text);
  e.classList.toggle("zero", text === "0");
}

// gauge is a number and how much of its bound that is.
function gauge() {
  const fill = el("i");
  const text = el("span");
  const e = el("span", { class: "gauge" }, text, el("b", { "aria-hidden": "true" }, fill));
  e.renew = (n, bound) => {
    number(text, short(n));
    const part = bound ? Math.min(1, n / bound) : 0;
    const width = (part * 100).toFixed(1) + "%";
    if (fill.style.width !== width) fill.style.width = width;
    e.classList.toggle("high", part >= 0.8);
    attr(e, "title", bound ? exact(n) + " of " + exact(bound) : null);
  };
  return e;
}
export { gauge };
