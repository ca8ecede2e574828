// The page: what is shown is in the address, and asked for again once a second while somebody sees it.
import * as api from "./api.js";
import { $, attr, put } from "./dom.js";
import { Detail } from "./detail.js";
import { Events } from "./events.js";
import { clock, exact } from "./format.js";
import { Table } from "./table.js";
import { Totals } from "./totals.js";
import { Tree } from "./tree.js";

const nothing = { view: "sockets", q: "", state: "", type: "", gone: false, sort: "id", desc: false, id: "" };
const views = ["sockets", "tree", "events"];
const narrow = matchMedia("(max-width: 1000px)"); // as in style.css: the events are a view of their own

// read makes a route of an address, and of a wrong one something that can be shown.
function read(hash) {
  const q = new URLSearchParams(hash.replace(/^#/, ""));
  const r = { ...nothing };
  for (const name of Object.keys(nothing)) {
    if (!q.has(name)) continue;
    r[name] = typeof nothing[name] === "boolean" ? q.get(name) === "1" : q.get(name);
  }
  if (!views.includes(r.view) || (r.view === "events" && !narrow.matches)) r.view = nothing.view;
  if (!document.querySelector(`[data-sort="${CSS.escape(r.sort)}"]`)) r.sort = nothing.sort;
  return r;
}

function write(route) {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(route)) if (value !== nothing[name]) q.set(name, value === true ? "1" : value);
  return "#" + q.toString();
}

class App {
  constructor() {
    this.route = { ...nothing };
    this.interval = 1000;
    this.at = 0;
    this.actions = false;
    this.failed = null; // since when there is no answer
    this.totals = new Totals(this);
    this.table = new Table(this);
    this.tree = new Tree(this);
    this.detail = new Detail(this);
    this.events = new Events(this);
    this.route = read(location.hash);
    this.listen();
    this.theme();
    this.draw();
    this.events.listen();
    this.tick();
    setInterval(() => this.pulse(), 1000);
  }

  listen() {
    addEventListener("hashchange", () => {
      const r = read(location.hash);
      if (write(r) !== write(this.route)) this.apply(r);
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.events.hush();
      else {
        this.events.listen();
        this.tick();
      }
      this.pulse();
    });
    narrow.addEventListener("change", () => this.apply(read(location.hash)));
    for (const v of views) $("tab-" + v).addEventListener("click", () => this.go({ view: v }));
    $("views").addEventListener("keydown", (e) => this.alongTabs(e));
    $("q").addEventListener("input", () => this.go({ q: $("q").value }));
    $("help").addEventListener("click", () => $("keys").showModal());
    $("theme").addEventListener("click", () => this.turn());
    document.addEventListener("keydown", (e) => this.key(e));
  }

  alongTabs(e) {
    const shown = views.filter((v) => $("tab-" + v).offsetParent);
    const to = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!to) return;
    const v = shown[(shown.indexOf(this.route.view) + to + shown.length) % shown.length];
    this.go({ view: v });
    $("tab-" + v).focus();
    e.preventDefault();
  }

  key(e) {
    if ($("keys").open || e.ctrlKey || e.metaKey || e.altKey) return;
    const typing = e.target.closest?.("input, select");
    if (e.key === "Escape") {
      if (typing) this.list().focus();
      else if (this.route.id) this.choose("");
      return;
    }
    if (typing) return;
    const does = {
      "/": () => this.word($(this.route.view === "events" ? "events-q" : "q")),
      "?": () => $("keys").showModal(),
      d: () => this.route.id && this.detail.root.focus(),
      h: () => this.events.hold(!this.events.held),
      t: () => this.turn(),
      1: () => this.look("sockets"),
      2: () => this.look("tree"),
      3: () => this.look("events"),
    }[e.key];
    if (!does) return;
    e.preventDefault();
    does();
  }

  word(field) {
    field.focus();
    field.select();
  }

  look(view) {
    if (view !== "events" || narrow.matches) this.go({ view });
    this.list(view).focus();
  }

  list(view = this.route.view) {
    return { sockets: this.table.box, tree: this.tree.box, events: this.events.box }[view];
  }

  // go changes the route, in place: only to choose a socket is a step that one can go back from.
  go(change) {
    const r = { ...this.route, ...change };
    if (change.q !== undefined || change.type !== undefined || change.state || change.gone) if (r.view !== "sockets") r.view = "sockets";
    if (change.id && !this.route.id) history.pushState(null, "", write(r));
    else history.replaceState(null, "", write(r));
    this.apply(r);
  }

  apply(r) {
    const before = this.route;
    this.route = r;
    clearTimeout(this.following);
    this.draw();
    if (r.view !== before.view && r.view === "tree") this.guarded(() => this.tree.show());
    const same = ["q", "state", "type", "gone", "sort", "desc"].every((k) => r[k] === before[k]);
    if (r.view === "sockets" && (!same || r.view !== before.view)) this.guarded(() => this.table.show());
    if (r.id !== before.id) {
      this.guarded(() => this.detail.show());
      if ($("events-only").checked) this.events.filter();
      this.table.list.draw();
      this.tree.list.draw();
    }
    if (this.answer) this.totals.chip(this.answer.totals, this.answer.gone);
  }

  choose(id) {
    const was = this.route.id;
    this.go({ id: id === was ? "" : id });
    if (!this.route.id && was) this.list().focus();
    else if (this.route.id && narrow.matches) this.detail.root.focus();
  }

  // follow chooses what the cursor stands on, when it stands.
  follow(id) {
    clearTimeout(this.following);
    this.following = setTimeout(() => this.route.id && this.route.id !== id && this.go({ id }), 80);
  }

  // draw shows the route's view.
  draw() {
    const r = this.route;
    document.body.dataset.view = r.view;
    for (const v of views) {
      const tab = $("tab-" + v);
      attr(tab, "aria-selected", String(v === r.view));
      tab.tabIndex = v === r.view ? 0 : -1;
      if (v !== "events") $("view-" + v).hidden = v !== r.view;
    }
    if ($("q").value !== r.q) $("q").value = r.q;
    $("type").value = r.type;
    if (r.view === "events") put($("count"), "");
    this.detail.root.hidden = !r.id;
    const covered = !!r.id && narrow.matches; // by the chosen socket
    for (const e of [document.querySelector(".top"), $("totals"), document.querySelector("main"), $("events")]) e.inert = covered;
  }

  counted(n) {
    put($("count"), this.route.view === "events" ? "" : exact(n) + (n === 1 ? " socket" : " sockets"));
  }

  // tick asks for everything that is seen, and again in a while.
  async tick() {
    clearTimeout(this.timer);
    if (document.hidden) return;
    const began = performance.now();
    await this.guarded(async () => {
      this.take(await api.state());
      const view = { sockets: () => this.table.show(), tree: () => this.tree.show() }[this.route.view];
      await Promise.all([view?.(), this.detail.show()]);
    });
    clearTimeout(this.timer);
    // A little later than the server looks again, so as not to be shown the same twice.
    this.timer = setTimeout(() => this.tick(), Math.max(100, this.interval + 20 - (performance.now() - began)));
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tick(), 50);
  }

  take(answer) {
    if (this.system && this.system !== answer.system) this.renew();
    this.answer = answer;
    this.system = answer.system;
    this.at = Date.parse(answer.at);
    this.interval = Math.min(10000, Math.max(200, answer.interval * 1000));
    this.actions = answer.actions;
    put($("system"), answer.system);
    this.totals.show(answer);
  }

  // renew forgets a process: another one answers in its place.
  renew() {
    this.totals.reset();
    this.tree.reset();
    this.events.reset();
    this.table.traffic.clear();
    this.detail.id = "";
  }

  // guarded runs what asks the server. Without an answer the page says so, and since when.
  async guarded(f) {
    try {
      await f();
      this.failed = null;
      this.heard = Date.now();
    } catch (e) {
      if (e.name === "AbortError") return;
      this.failed ??= { since: Date.now() };
      this.failed.why = e instanceof api.Refused ? "The server says: " + e.message : "The server does not answer.";
      if (!(e instanceof api.Refused) && !(e instanceof TypeError) && e.name !== "TimeoutError") console.error(e);
    }
    this.pulse();
  }

  // pulse says how fresh everything is.
  pulse() {
    const live = $("live");
    const old = this.heard ? Date.now() - this.heard : 0;
    const stale = !!this.failed || old > 5 * this.interval + 2000;
    document.body.classList.toggle("stale", stale);
    live.dataset.live = stale ? "stale" : this.heard ? "live" : "waiting";
    put(live, stale ? (this.heard ? "stale" : "no answer") : this.heard ? "live" : "asking …");
    $("away").hidden = !this.failed;
    if (this.failed) {
      put($("away"), this.failed.why + " " + (this.heard ? "What you see is of " + clock(new Date(this.heard)).slice(0, 8) + ". " : "") + "It is asked again every second.");
    }
  }

  theme() {
    const now = document.documentElement.dataset.theme ?? "auto";
    put($("theme"), { auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark" }[now]);
  }

  turn() {
    const root = document.documentElement;
    const next = { auto: "light", light: "dark", dark: "auto" }[root.dataset.theme ?? "auto"];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      localStorage.setItem("sockeye-theme", next);
    } catch {
      // no storage: for as long as the page is open
    }
    this.theme();
  }
}

new App();
