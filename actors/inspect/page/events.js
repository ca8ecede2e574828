import { $, attr, el, put } from "./dom.js";
import { clock, exact } from "./format.js";
import { List } from "./list.js";

const kept = 2000;
const bad = new Set(["Failed", "BindFailed", "AcceptFailed", "CloseFailed", "HandshakeFailed", "Disconnected", "Missed", "Unanswered"]);
const good = new Set(["Opened", "HandshakeSucceeded", "Listening", "Connected", "Accepted"]);

// Events is what has happened, newest first, as the server tells of it. Held, or scrolled away from the top, it
// stands still, and says how much is new.
export class Events {
  constructor(app) {
    this.app = app;
    this.all = []; // oldest first
    this.shown = []; // those of them that fit the filter
    this.waiting = []; // that have come since it stands still
    this.seq = 0;
    this.held = false;
    this.box = $("events-list");
    this.list = new List(this.box, {
      name: "event", role: "option",
      make: (row) => this.make(row), draw: (row, i) => this.draw(row, i),
      open: (i) => app.choose(this.at(i).socket),
      seen: () => this.still() || this.let(),
    });
    $("events-q").addEventListener("input", () => this.filter());
    $("events-only").addEventListener("change", () => this.filter());
    $("events-hold").addEventListener("click", () => this.hold(!this.held));
    $("events-new").addEventListener("click", () => {
      this.hold(false);
      this.box.scrollTop = 0;
      this.let();
    });
    this.filter();
  }

  at(i) {
    return this.shown[this.shown.length - 1 - i];
  }

  // listen begins the stream, once. A stream that the server has refused is tried again.
  listen() {
    if (this.source || document.hidden) return;
    const source = new EventSource("api/events");
    this.source = source;
    source.onmessage = (m) => this.take(JSON.parse(m.data));
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      this.hush();
      setTimeout(() => this.listen(), 3000);
    };
  }

  // hush ends the stream: of six connections to a server it takes one.
  hush() {
    this.source?.close();
    this.source = null;
  }

  // reset begins anew: another process counts from 1.
  reset() {
    this.hush();
    this.all = [];
    this.waiting = [];
    this.seq = 0;
    this.filter();
    this.listen();
  }

  take(events) {
    const fresh = events.filter((e) => e.seq > this.seq);
    if (!fresh.length) return;
    this.seq = fresh[fresh.length - 1].seq;
    this.waiting = this.waiting.concat(fresh).slice(-kept);
    if (!this.still()) this.let();
    else this.tell();
  }

  still() {
    return this.held || this.box.scrollTop > 2;
  }

  // let shows what has come meanwhile.
  let() {
    if (!this.waiting.length) return this.tell();
    this.all = this.all.concat(this.waiting).slice(-kept);
    this.waiting = [];
    this.filter();
  }

  tell() {
    const n = this.waiting.length;
    $("events-new").hidden = !n;
    put($("events-new"), n ? "Show " + exact(n) + (n === kept ? " or more" : "") + " new" : "");
  }

  hold(held) {
    this.held = held;
    attr($("events-hold"), "aria-pressed", String(held));
    put($("events-hold"), held ? "Held" : "Hold");
    if (!this.still()) this.let();
  }

  filter() {
    const words = $("events-q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = $("events-only").checked ? this.app.route.id : "";
    this.shown = this.all.filter((e) => {
      if (only && e.socket !== only) return false;
      const text = (e.socket + " " + e.kind + " " + e.text).toLowerCase();
      return words.every((w) => text.includes(w));
    });
    this.list.size(this.shown.length);
    this.list.draw();
    this.tell();
    $("events-none").hidden = this.shown.length > 0;
    put($("events-none"), this.all.length ? "No event fits the filter." : "Nothing has happened yet.");
    this.box.dataset.seq = this.seq;
  }

  make(row) {
    const c = (row.cells = { time: el("time"), kind: el("span"), id: el("span", { class: "id" }), text: el("span", { class: "text" }) });
    row.append(el("span", { class: "line" }, c.time, c.kind, c.id), c.text);
  }

  draw(row, i) {
    const e = this.at(i);
    const c = row.cells;
    if (!e || row.event === e) return;
    row.event = e;
    put(c.time, clock(new Date(e.at)));
    put(c.kind, e.kind);
    c.kind.className = "kind " + kindOf(e.kind);
    put(c.id, e.socket);
    put(c.text, e.text);
    attr(row, "title", e.socket + "\n" + e.text);
    attr(row, "data-kind", e.kind);
    attr(row, "aria-selected", "false");
  }
}

export const kindOf = (kind) => (bad.has(kind) ? "bad" : good.has(kind) ? "good" : "");
