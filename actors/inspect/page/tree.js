import * as api from "./api.js";
import { $, attr, badge, el, icon, put, states } from "./dom.js";
import { exact, short } from "./format.js";
import { List } from "./list.js";

const page = 100; // children in one answer
const few = 60; // so many rows are opened at first, where there are no more
const most = 5000; // actors that stay open

// Tree is the actors that are sockets or have some below them. Children are asked for when they come into view.
export class Tree {
  constructor(app) {
    this.app = app;
    this.open = new Map(); // the open actors by id: {total, pages: Map(number → children)}
    this.flat = []; // the rows: {parent, index, level, up}, up is the parent's
    this.box = $("tree");
    this.list = new List(this.box, {
      name: "actor", role: "treeitem",
      make: (row) => this.make(row), draw: (row, i) => this.draw(row, i),
      open: (i, e) => this.enter(i, e),
      moved: (i) => app.route.id && this.node(i)?.socket && app.follow(this.node(i).id),
      seen: () => this.cover(),
    });
    this.box.addEventListener("keydown", (e) => this.key(e));
    this.first = true;
  }

  // reset forgets everything: it was that of another process.
  reset() {
    this.open.clear();
    this.first = true;
    this.flatten();
  }

  child(parent, index) {
    return this.open.get(parent)?.pages.get(Math.floor(index / page))?.[index % page];
  }

  node(i) {
    const at = this.flat[i];
    return at && this.child(at.parent, at.index);
  }

  // flatten lists what is open, loaded or not.
  flatten() {
    const rows = [];
    const walk = (parent, level, up) => {
      const children = this.open.get(parent);
      for (let index = 0; index < (children?.total ?? 0); index++) {
        const row = { parent, index, level, up };
        rows.push(row);
        const node = this.child(parent, index);
        if (node && node.children && this.open.has(node.id)) walk(node.id, level + 1, row);
      }
    };
    walk("", 1, null);
    this.flat = rows;
    this.list.size(rows.length);
    this.list.draw();
    this.box.dataset.rows = rows.length;
    $("tree-none").hidden = rows.length > 0;
    put($("tree-none"), "No sockets. Their actors appear here as soon as one is spawned.");
  }

  // load asks for a page of an actor's children, to open it, or if it is still open then. One that has none any more
  // is closed.
  async load(id, number, opening = id === "") {
    try {
      const answer = await api.tree(id, number * page, page);
      const children = this.open.get(id) ?? (opening ? { pages: new Map() } : null);
      if (!children) return; // closed meanwhile
      children.total = answer.total;
      children.pages.set(number, answer.children);
      for (const n of children.pages.keys()) if (n * page >= answer.total && n > 0) children.pages.delete(n);
      this.open.set(id, children);
      if (id === "") this.app.counted(answer.node.sockets);
    } catch (e) {
      if (e.status !== 404) throw e;
      this.open.delete(id);
    }
  }

  // wanted is which pages are in view, from the top down.
  wanted() {
    const { first, last } = this.list.range();
    const pages = new Map([["", new Set([0])]]);
    for (let i = first; i <= last && i < this.flat.length; i++) {
      for (let at = this.flat[i]; at; at = at.up) {
        if (!pages.has(at.parent)) pages.set(at.parent, new Set());
        pages.get(at.parent).add(Math.floor(at.index / page));
      }
    }
    return [...pages].map(([id, numbers]) => ({ id, numbers, level: id ? id.split("/").length : 0 })).sort((a, b) => a.level - b.level);
  }

  // show asks for what is in view, level by level: an actor that has gone is not asked for what is below it.
  async show() {
    if (this.busy) return;
    this.busy = true;
    try {
      for (const { id, numbers } of this.wanted()) {
        if (id && !this.there(id)) {
          this.open.delete(id);
          continue;
        }
        await Promise.all([...numbers].map((n) => this.load(id, n)));
      }
      if (this.first) await this.unfold();
      this.flatten();
      this.box.dataset.at = String(this.app.at);
    } finally {
      this.busy = false;
    }
  }

  // there reports whether an open actor is still one of its parent's children.
  there(id) {
    for (const { pages } of this.open.values()) {
      for (const children of pages.values()) {
        const node = children.find((n) => n.id === id);
        if (node) return node.children > 0;
      }
    }
    return false;
  }

  // unfold opens a small tree as far as it fits, once, and the way to the socket that the address names.
  async unfold() {
    if (!this.open.get("")?.total) return;
    this.first = false;
    const way = this.app.route.id;
    for (let level = 0; level < 8; level++) {
      this.flatten();
      const next = this.flat.map((at) => this.child(at.parent, at.index)).filter((n) => n?.children && !this.open.has(n.id));
      const mine = next.filter((n) => way.startsWith(n.id + "/"));
      const all = next.reduce((sum, n) => sum + n.children, this.flat.length);
      const chosen = all <= few ? next : mine;
      if (!chosen.length) break;
      await Promise.all(chosen.map((n) => this.load(n.id, 0, true)));
    }
    this.flatten();
    const at = this.flat.findIndex((_, i) => this.node(i)?.id === way);
    if (way && at >= 0) this.list.go(at, true);
  }

  // cover asks for rows that have come into view and are not there.
  cover() {
    if (!this.list?.count || this.covering) return;
    const { first, last } = this.list.range();
    const missing = new Map();
    for (let i = first; i <= last; i++) {
      const at = this.flat[i];
      if (at && !this.child(at.parent, at.index)) missing.set(at.parent + "\n" + Math.floor(at.index / page), [at.parent, Math.floor(at.index / page)]);
    }
    if (!missing.size) return;
    this.covering = true;
    this.app.guarded(async () => {
      try {
        await Promise.all([...missing.values()].map(([id, n]) => this.load(id, n)));
      } finally {
        this.covering = false;
      }
      this.flatten();
      this.cover();
    });
  }

  async toggle(i, open) {
    const node = this.node(i);
    if (!node?.children || this.open.has(node.id) === open) return;
    if (!open) this.open.delete(node.id);
    else if (this.open.size < most) await this.load(node.id, 0, true);
    this.flatten();
  }

  // enter is Enter or a click: a socket is chosen, another actor is opened or closed. The twisty always does that.
  enter(i, e) {
    const node = this.node(i);
    if (!node) return;
    if (node.socket && !e?.target.closest(".twisty")) this.app.choose(node.id);
    else this.app.guarded(() => this.toggle(i, !this.open.has(node.id)));
  }

  key(e) {
    const i = this.list.cursor;
    const node = this.node(i);
    if (!node || e.ctrlKey || e.metaKey || e.altKey) return;
    const opened = node.children > 0 && this.open.has(node.id);
    if (e.key === "ArrowRight") {
      if (opened) this.list.go(i + 1);
      else this.app.guarded(() => this.toggle(i, true));
    } else if (e.key === "ArrowLeft") {
      if (opened) this.app.guarded(() => this.toggle(i, false));
      else {
        let k = i - 1;
        while (k >= 0 && this.flat[k].level >= this.flat[i].level) k--;
        if (k >= 0) this.list.go(k);
      }
    } else return;
    e.preventDefault();
  }

  make(row) {
    const c = (row.cells = {});
    c.twisty = el("span", { class: "twisty" }, icon("twisty"));
    c.state = badge();
    c.name = el("span", { class: "name" });
    c.type = el("span", { class: "muted type" });
    c.states = el("span", { class: "tallies" });
    c.tallies = Object.fromEntries(states.map((s) => [s, el("span", { class: "tally s-" + s, hidden: true, title: s }, icon(s), el("span"), el("span", { class: "hidden", text: " " + s + " " }))]));
    c.states.append(...states.map((s) => c.tallies[s]));
    c.traffic = el("span", { class: "number" });
    c.queued = el("span", { class: "number" });
    row.append(el("span", { class: "branch" }, c.twisty, c.name, c.type), el("span", { class: "how" }, c.state, c.states), c.traffic, c.queued);
  }

  draw(row, i) {
    const at = this.flat[i];
    const node = this.node(i);
    row.classList.toggle("blank", !node);
    if (!node) {
      attr(row, "data-id", null);
      return;
    }
    const c = row.cells;
    const s = node.socket;
    const opened = node.children > 0 && this.open.has(node.id);
    attr(row, "data-id", node.id);
    attr(row, "data-state", s?.state);
    attr(row, "aria-level", at.level);
    attr(row, "aria-posinset", at.index + 1);
    attr(row, "aria-setsize", this.open.get(at.parent).total);
    attr(row, "aria-expanded", node.children ? String(opened) : null);
    attr(row, "aria-selected", String(node.id === this.app.route.id));
    attr(row, "title", node.id);
    row.style.setProperty("--level", Math.min(at.level - 1, 12));
    c.twisty.classList.toggle("leaf", !node.children);
    put(c.name, node.name);
    put(c.type, s ? s.type : exact(node.sockets) + (node.sockets === 1 ? " socket" : " sockets"));
    c.state.hidden = !s;
    if (s) c.state.renew(s.state);
    for (const state of states) {
      const n = node.children ? (node.states[state] ?? 0) : 0;
      c.tallies[state].hidden = !n;
      put(c.tallies[state].children[1], exact(n));
    }
    put(c.traffic, s ? short(s.rates.sent + s.rates.received) + "/s" : "");
    put(c.queued, s?.queued ? short(s.queued) + " queued" : "");
  }
}
