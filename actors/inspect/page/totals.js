import { $, attr, el, icon, put, states } from "./dom.js";
import { bytes, exact, percent, short } from "./format.js";
import { Plot, Series } from "./plot.js";

// Totals is the head of the page: everything in a few numbers, the threads, and a chip for each state.
export class Totals {
  constructor(app) {
    this.app = app;
    this.cards = {};
    this.threads = new Map();
    const card = (name, title, kind) => {
      const c = { value: el("b"), more: el("small"), plot: new Plot([kind]), series: new Series(90) };
      c.root = el("div", { class: "card", id: "total-" + name }, el("h2", { text: title }), c.value, c.more, c.plot.root);
      this.cards[name] = c;
      return c.root;
    };
    this.lanes = el("div", { class: "lanes", tabindex: "0", role: "group", "aria-label": "ZeroMQ threads" });
    $("totals").append(card("sockets", "Sockets", "plain"), card("sent", "Sent/s", "sent"), card("received", "Received/s", "received"),
      card("queued", "Queued", "queued"), card("lost", "Lost", "lost"), this.lanes);
    this.chips = new Map();
    for (const [key, title] of [["", "all"], ...states.filter((s) => s !== "stopped").map((s) => [s, s]), ["gone", "stopped"]]) {
      const n = el("span", { class: "n" });
      const c = el("button", { type: "button", class: "chip" + (key ? " s-" + (key === "gone" ? "stopped" : key) : ""), "data-state": key || "all" },
        key ? icon(key === "gone" ? "stopped" : key) : null, n, el("span", { text: title }));
      c.addEventListener("click", () => this.pick(key));
      this.chips.set(key, { root: c, n });
      $("chips").append(c);
    }
    $("type").addEventListener("change", () => app.go({ type: $("type").value }));
  }

  pick(key) {
    const r = this.app.route;
    const on = key === "gone" ? r.gone : r.state === key && !r.gone;
    this.app.go({ gone: key === "gone" && !on, state: key === "gone" || on ? "" : key });
  }

  reset() {
    for (const c of Object.values(this.cards)) c.series = new Series(90);
    this.threads.clear();
    this.lanes.replaceChildren();
  }

  show(answer) {
    const t = answer.totals;
    const at = this.app.at;
    const set = (name, value, more, n) => {
      const c = this.cards[name];
      put(c.value, value);
      put(c.more, more);
      c.series.push(at, n, this.app.interval);
      c.plot.draw([c.series], name === "sockets" ? n * 1.25 : 0);
    };
    set("sockets", exact(t.sockets), exact(t.peers) + " peers" + (t.stalled ? ", " + exact(t.stalled) + " stalled" : ""), t.sockets);
    set("sent", short(t.rates.sent), bytes(t.rates.sentBytes) + "/s", t.rates.sent);
    set("received", short(t.rates.received), bytes(t.rates.receivedBytes) + "/s", t.rates.received);
    set("queued", short(t.queued), short(t.held) + " held", t.queued);
    set("lost", short(t.lost), short(t.rates.dropped) + "/s", t.rates.dropped);
    attr(this.cards.lost.value, "title", exact(t.lost) + " messages");
    this.cards.lost.root.classList.toggle("alarm", t.rates.dropped > 0);
    this.lane(answer.threads ?? []);
    this.chip(t, answer.gone);
    this.types(t.types);
    const troubled = (t.states.failed ?? 0) + (t.states.tripped ?? 0);
    document.title = "Sockeye: " + exact(t.sockets) + (t.sockets === 1 ? " socket" : " sockets") + (troubled ? ", " + exact(troubled) + " failed" : "");
  }

  lane(threads) {
    const there = new Set(threads.map((t) => t.id));
    for (const [id, l] of this.threads) {
      if (there.has(id)) continue;
      l.root.remove();
      this.threads.delete(id);
    }
    for (const t of threads) {
      const l = this.threads.get(t.id) ?? this.newLane(t.id);
      put(l.busy, percent(t.busy) + " busy");
      put(l.more, exact(t.sockets) + (t.sockets === 1 ? " socket" : " sockets"));
      l.fill.style.width = (Math.min(1, t.busy) * 100).toFixed(1) + "%";
      attr(l.bar, "aria-valuenow", Math.round(t.busy * 100));
      l.root.classList.toggle("high", t.busy > 0.9);
      l.series.push(this.app.at, t.busy, this.app.interval);
      l.plot.draw([l.series], 1);
    }
  }

  newLane(id) {
    const l = { busy: el("b"), more: el("small"), fill: el("i"), plot: new Plot(["busy"]), series: new Series(90) };
    l.bar = el("span", { class: "busy", role: "progressbar", "aria-label": "busy", "aria-valuemin": 0, "aria-valuemax": 100 }, l.fill);
    l.root = el("div", { class: "card lane" }, el("h2", { text: id, title: "ZeroMQ thread " + id }), l.busy, l.more, l.plot.root, l.bar);
    this.threads.set(id, l);
    this.lanes.append(l.root);
    return l;
  }

  // chip says how many sockets are in each state; one that nobody is in and nobody has picked is not there.
  chip(t, gone) {
    const r = this.app.route;
    for (const [key, c] of this.chips) {
      const n = key === "" ? t.sockets : key === "gone" ? gone : (t.states[key] ?? 0);
      const on = key === "gone" ? r.gone : !r.gone && r.state === key;
      put(c.n, key === "gone" && n >= 256 ? "256+" : exact(n));
      c.root.hidden = !n && !on && key !== "";
      attr(c.root, "aria-pressed", String(on));
    }
  }

  types(types) {
    const names = Object.keys(types).sort();
    const picked = this.app.route.type;
    if (picked && !types[picked]) names.push(picked);
    const words = ["all types", ...names.map((n) => n + " (" + exact(types[n] ?? 0) + ")")];
    const select = $("type");
    if (document.activeElement === select) return; // it may be open
    const now = [...select.options].map((o) => o.textContent).join("\n");
    if (now !== words.join("\n")) select.replaceChildren(...words.map((text, i) => el("option", { value: i ? names[i - 1] : "", text })));
    select.value = picked;
  }
}
