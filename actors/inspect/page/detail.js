import * as api from "./api.js";
import { $, attr, badge, el, put } from "./dom.js";
import { age, bytes, clock, exact, lost, short } from "./format.js";
import { kindOf } from "./events.js";
import { Plot, Series } from "./plot.js";
import { gauge } from "./table.js";

const plots = [
  ["sent", "Sent/s", (s) => s.rates.sent],
  ["received", "Received/s", (s) => s.rates.received],
  ["queued", "Queued", (s) => s.queued],
  ["work", "In work", (s) => s.unprocessed],
];

const facts = {
  "Sends": [
    ["Accepted", (s) => exact(s.accepted)],
    ["Taken by ZeroMQ", (s) => exact(s.sent)],
    ["Bytes", (s) => bytes(s.sentBytes)],
    ["Rejected", (s) => exact(s.rejected)],
    ["Discarded", (s) => reasons(s.discarded)],
    ["Dead letters", (s) => exact(s.deadLettered)],
    ["Sent again", (s) => exact(s.resent)],
    ["Wait for room", (s) => exact(s.senders)],
    ["Wait for an answer", (s) => exact(s.callers)],
  ],
  "Receives": [
    ["Received", (s) => exact(s.received)],
    ["Bytes", (s) => bytes(s.receivedBytes)],
    ["Delivered", (s) => exact(s.delivered)],
    ["Dropped", (s) => reasons(s.dropped)],
    ["Undelivered", (s) => exact(s.undelivered)],
    ["Skipped", (s) => exact(s.skipped)],
    ["Held in the inbox", (s) => exact(s.held)],
    ["Stalls", (s) => exact(s.stalls) + (s.stalled ? ", stalled now" : "")],
  ],
  "Life": [
    ["Spawned", (s, now) => age(now - Date.parse(s.spawned)) + " ago"],
    ["Restarts", (s) => exact(s.restarts)],
    ["Reopened", (s) => exact(s.reopens)],
    ["Peers", (s) => exact(s.peers)],
    ["Disconnects", (s) => exact(s.disconnects)],
    ["Failed handshakes", (s) => exact(s.handshakeFailures)],
    ["Subscriptions", (s) => exact(s.subscriptions)],
    ["Thread", (s) => s.thread || "none"],
    ["Strategy", (s) => s.guardian || "its parent's, or the default"],
  ],
};

function reasons(map) {
  const all = Object.entries(map ?? {}).filter(([, n]) => n);
  return all.length ? all.map(([why, n]) => exact(n) + " " + why).join(", ") : "0";
}

// Detail is all that is known of the chosen socket.
export class Detail {
  constructor(app) {
    this.app = app;
    this.root = $("detail");
    this.id = "";
    this.build();
  }

  build() {
    const p = (this.parts = { state: badge(), id: el("h2", { class: "whole" }), about: el("p", { class: "muted" }) });
    p.close = el("button", { type: "button", class: "quiet", id: "close", on: { click: () => this.app.choose("") } }, "Close ", el("kbd", { text: "Esc" }));
    p.error = el("div", { class: "fault" });
    p.gone = el("p", { class: "note", hidden: true });
    p.plots = el("div", { class: "plots" });
    p.queue = gauge();
    p.queueText = el("span", { class: "muted" });
    p.receivers = el("div");
    p.endpoints = el("ul", { class: "plainlist whole" });
    p.log = el("ol", { class: "plainlist history" });
    p.facts = Object.entries(facts).map(([title, rows]) => {
      const values = rows.map(() => el("dd"));
      return { title, rows, values, root: el("section", {}, el("h3", { text: title }), el("dl", {}, ...rows.flatMap(([name], i) => [el("dt", { text: name }), values[i]]))) };
    });
    this.root.append(el("div", { class: "title" }, p.state, p.close), p.id, p.about, this.buttons(), p.gone, p.error, p.plots,
      el("section", {}, el("h3", { text: "Outbox" }), el("div", { class: "outbox" }, p.queue, p.queueText)),
      el("section", {}, el("h3", { text: "Receivers" }), p.receivers), el("section", {}, el("h3", { text: "Endpoints" }), p.endpoints),
      el("div", { class: "facts" }, ...p.facts.map((f) => f.root)), el("section", {}, el("h3", { text: "Its last events" }), p.log));
  }

  buttons() {
    const p = this.parts;
    const button = (action, text, title) => el("button", { type: "button", "data-action": action, title, on: { click: (e) => this.press(action, e.currentTarget) } }, text);
    p.buttons = {
      pause: button("pause", "Pause", "It moves nothing until it is resumed"), resume: button("resume", "Resume", "It moves messages again"),
      restart: button("restart", "Restart", "It fails, and its supervisor decides"), drain: button("drain", "Drain…", "It sends what it has, and stops for good"),
    };
    p.actions = el("div", { class: "actions", role: "group", "aria-label": "Actions", hidden: true }, ...Object.values(p.buttons));
    p.yes = el("button", { type: "button", class: "danger", id: "drain-yes", on: { click: () => this.drain() } }, "Drain");
    p.no = el("button", { type: "button", id: "drain-no", on: { click: () => this.confirm(false) } }, "Cancel");
    p.sure = el("div", { class: "sure", role: "alertdialog", "aria-labelledby": "drain-text", hidden: true },
      el("p", { id: "drain-text", text: "Drain this socket? It sends what is queued and then stops for good: only its parent can spawn another." }), el("div", { class: "actions" }, p.yes, p.no));
    p.sure.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      this.confirm(false);
    });
    p.said = el("p", { class: "said", role: "status", id: "said" });
    return el("div", {}, p.actions, p.sure, p.said);
  }

  // press is a click. A button that does nothing now stays where the focus is, and says so.
  press(action, button) {
    if (button.hasAttribute("aria-disabled")) return;
    if (action === "drain") this.confirm(true);
    else this.act(action);
  }

  confirm(ask) {
    this.parts.sure.hidden = !ask;
    (ask ? this.parts.no : this.parts.buttons.drain).focus();
  }

  drain() {
    this.parts.sure.hidden = true;
    this.root.focus();
    this.act("drain");
  }

  async act(action) {
    const id = this.id;
    const say = (text, bad) => {
      if (id !== this.id) return;
      put(this.parts.said, text);
      this.parts.said.classList.toggle("bad", !!bad);
    };
    say(action + " …");
    try {
      await api.act(action, id);
      say({ pause: "It is paused.", resume: "It goes on.", restart: "It was made to fail; its supervisor decides.", drain: "It drains." }[action]);
    } catch (e) {
      say("Not done: " + e.message, true);
    }
    this.app.soon();
  }

  // show asks for the chosen socket. One that is not known is asked for less often: it may come back.
  async show() {
    const id = this.app.route.id;
    if (id !== this.id) this.begin(id);
    if (!id || (this.missing && ++this.missing % 10)) return;
    try {
      const answer = await api.socket(id);
      if (this.app.route.id !== id) return;
      this.missing = 0;
      this.draw(answer);
    } catch (e) {
      if (e.status !== 404) throw e;
      if (this.app.route.id !== id) return;
      this.missing = this.missing || 1;
      this.parts.gone.hidden = false;
      this.parts.actions.hidden = true;
      put(this.parts.gone, "No socket has this id now. It is looked for every few seconds.");
    }
  }

  begin(id) {
    const p = this.parts;
    this.id = id;
    this.missing = 0;
    this.root.dataset.id = "";
    put(p.id, id);
    put(p.about, "");
    put(p.said, "");
    p.state.renew("");
    p.error.replaceChildren();
    p.endpoints.replaceChildren();
    p.receivers.replaceChildren();
    p.log.replaceChildren();
    p.sure.hidden = p.gone.hidden = p.actions.hidden = true;
    this.root.scrollTop = 0;
    this.plots = plots.map(([kind, title, of]) => ({ of, series: new Series(120), plot: new Plot([kind], title + " since it was chosen"), now: el("b"), most: el("small"), title }));
    p.plots.replaceChildren(...this.plots.map((x) => el("div", { class: "card" }, el("h3", { text: x.title }), x.now, x.most, x.plot.root)));
  }

  draw({ at, socket: s, events }) {
    const p = this.parts;
    const now = Date.parse(at);
    const stopped = s.state === "stopped";
    p.state.renew(s.state);
    put(p.about, s.type + ", " + s.state + " for " + age(now - Date.parse(s.since)) + (s.stalled ? ", stalled: its receivers have no credit" : ""));
    for (const x of this.plots) {
      x.series.push(now, x.of(s), this.app.interval);
      x.plot.draw([x.series]);
      put(x.now, short(x.of(s)));
      put(x.most, "at most " + short(x.series.max));
    }
    p.gone.hidden = !stopped;
    put(p.gone, s.reason ? "It has stopped for good: " + s.reason : "It has stopped, on request.");
    this.fault(s, now);
    p.queue.renew(s.queued, s.outboxLimit);
    put(p.queueText, "of " + exact(s.outboxLimit) + " messages, " + bytes(s.queuedBytes) + " of " + bytes(s.outboxBytes));
    this.receivers(s);
    renew(p.endpoints, [...(s.bound ?? []).map((e) => ["bound", e]), ...(s.connected ?? []).map((e) => ["connect", e])], ([how, e]) => [how, e], "none");
    for (const f of p.facts) f.rows.forEach(([, of], i) => {
      const text = of(s, now);
      put(f.values[i], text);
      f.values[i].classList.toggle("zero", text === "0" || text === "0 B");
    });
    this.log(events);
    this.enable(s, stopped);
    this.root.dataset.id = s.id;
    this.root.dataset.state = s.state;
    this.root.dataset.lost = lost(s);
  }

  fault(s, now) {
    if (!s.lastError) return this.parts.error.replaceChildren();
    if (!this.parts.error.firstChild) this.parts.error.append(el("b"), el("p", { class: "whole" }));
    put(this.parts.error.firstChild, "Last error, " + age(now - Date.parse(s.lastErrorAt)) + " ago");
    put(this.parts.error.lastChild, s.lastError);
  }

  receivers(s) {
    const all = s.receivers ?? [];
    const box = this.parts.receivers;
    const names = all.map((r) => r.id + "\n" + (r.topic ?? "")).join("\n\n");
    if (box.dataset.names !== names || !box.firstChild) {
      box.dataset.names = names;
      box.replaceChildren(...(all.length ? all.slice(0, 50).map((r) => {
        const g = gauge();
        return Object.assign(el("div", { class: "receiver" }, el("span", { class: "whole", text: r.id + (r.topic ? " for “" + r.topic + "”" : "") }), g), { gauge: g });
      }) : [el("p", { class: "muted", text: "none" })]));
    }
    all.slice(0, 50).forEach((r, i) => box.children[i].gauge.renew(r.unprocessed, s.window));
  }

  log(events) {
    const last = String(events.at(-1)?.seq ?? 0);
    const box = this.parts.log;
    if (box.dataset.last === last && box.firstChild && box.dataset.id === this.id) return;
    box.dataset.last = last;
    box.dataset.id = this.id;
    box.replaceChildren(...(events.length ? events.toReversed().map((e) => el("li", {},
      el("time", { text: clock(new Date(e.at)) }), " ", el("span", { class: "kind " + kindOf(e.kind), text: e.kind }), el("p", { class: "whole", text: e.text }))) : [el("li", { class: "muted", text: "none" })]));
  }

  enable(s, stopped) {
    const p = this.parts;
    p.actions.hidden = !this.app.actions || stopped;
    if (stopped) p.sure.hidden = true;
    const ends = s.state === "draining" || s.state === "stopping";
    const can = { pause: s.state === "open" || s.state === "opening", resume: s.state === "paused", restart: s.state === "open" || s.state === "opening" || s.state === "paused", drain: !ends };
    for (const [action, b] of Object.entries(p.buttons)) attr(b, "aria-disabled", can[action] ? null : "true");
  }
}

// renew fills a list with pairs of a word and a text, when they have changed.
function renew(list, all, pair, nothing) {
  const text = all.map((x) => pair(x).join(" ")).join("\n");
  if (list.dataset.text === text && list.firstChild) return;
  list.dataset.text = text;
  list.replaceChildren(...(all.length ? all.slice(0, 200).map((x) => el("li", {}, el("small", { text: pair(x)[0] }), " ", pair(x)[1])) : [el("li", { class: "muted", text: nothing })]));
}
