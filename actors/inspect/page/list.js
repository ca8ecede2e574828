import { attr, el } from "./dom.js";

const around = 4; // rows that are drawn above and below what is seen

// List shows some of very many rows of one height: those that are in view. The focus stays on the box, whose
// aria-activedescendant is the row of the cursor.
//
// Of what it is made with: make(row) fills an empty row, draw(row, i) says what row i is, open(i) is Enter or a
// click, moved(i) the cursor, seen() that others are in view.
export class List {
  constructor(box, { name, role, head, make, draw, open, moved, seen }) {
    Object.assign(this, { box, name, role, head, make, drawRow: draw, open, moved, seen });
    this.count = 0;
    this.cursor = -1;
    this.pool = [];
    this.canvas = el("div", { class: "canvas", role: head ? "rowgroup" : "presentation" });
    if (head) box.append(head);
    box.append(this.canvas);
    this.measure();
    box.addEventListener("scroll", () => this.draw(true), { passive: true });
    box.addEventListener("keydown", (e) => this.key(e));
    this.canvas.addEventListener("click", (e) => this.click(e));
    new ResizeObserver(() => this.measure()).observe(box);
  }

  measure() {
    this.row = parseFloat(getComputedStyle(this.box).getPropertyValue("--row")) || 28;
    this.view = Math.max(0, this.box.clientHeight - (this.head?.offsetHeight ?? 0));
    this.resize();
    this.draw(true);
  }

  resize() {
    const height = this.count * this.row + "px";
    if (this.canvas.style.height !== height) this.canvas.style.height = height;
  }

  // size says how many rows there are.
  size(n) {
    if (n === this.count) return;
    this.count = n;
    this.cursor = Math.min(this.cursor, n - 1);
    this.resize();
  }

  // range is what is in view.
  range() {
    const first = Math.floor(this.box.scrollTop / this.row);
    return { first: Math.min(first, Math.max(0, this.count - 1)), last: Math.min(this.count - 1, first + Math.ceil(this.view / this.row)) };
  }

  draw(tell) {
    if (!this.view) return;
    const { first, last } = this.range();
    const from = Math.max(0, first - around);
    const to = Math.min(this.count - 1, last + around);
    this.grow(Math.ceil(this.view / this.row) + 2 * around + 2);
    const used = new Set();
    for (let i = from; i <= to; i++) {
      const row = this.pool[i % this.pool.length];
      used.add(row);
      row.index = i;
      const at = `translateY(${i * this.row}px)`;
      if (row.style.transform !== at) row.style.transform = at;
      if (row.hidden) row.hidden = false;
      row.classList.toggle("cursor", i === this.cursor);
      this.drawRow(row, i);
    }
    for (const row of this.pool) {
      if (!used.has(row) && !row.hidden) {
        row.hidden = true;
        row.index = -1;
      }
    }
    this.point();
    if (tell) this.seen?.();
  }

  grow(n) {
    while (this.pool.length < n) {
      const row = el("div", { class: "row", role: this.role, id: this.name + "-" + this.pool.length });
      this.make(row);
      this.pool.push(row);
      this.canvas.append(row);
    }
  }

  point() {
    const row = this.cursor < 0 ? null : this.pool[this.cursor % this.pool.length];
    attr(this.box, "aria-activedescendant", row && row.index === this.cursor ? row.id : null);
  }

  // go moves the cursor, and what is in view if it must. Quietly: nobody has pressed a key for it.
  go(i, quietly) {
    if (!this.count) return;
    this.cursor = Math.max(0, Math.min(this.count - 1, i));
    const top = this.cursor * this.row;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + this.row > this.box.scrollTop + this.view) this.box.scrollTop = top + this.row - this.view;
    this.draw(true);
    if (!quietly) this.moved?.(this.cursor);
  }

  key(e) {
    if (e.target !== this.box || e.ctrlKey || e.metaKey || e.altKey) return;
    const page = Math.max(1, Math.floor(this.view / this.row) - 1);
    const to = { ArrowDown: this.cursor + 1, ArrowUp: this.cursor - 1, PageDown: this.cursor + page, PageUp: this.cursor - page, Home: 0, End: this.count - 1 }[e.key];
    if (to !== undefined) this.go(to);
    else if ((e.key === "Enter" || e.key === " ") && this.cursor >= 0) this.open(this.cursor);
    else return;
    e.preventDefault();
  }

  click(e) {
    const row = e.target.closest(".row");
    if (!row || row.index < 0 || String(getSelection())) return; // whoever selects text opens nothing
    this.cursor = row.index;
    this.open(row.index, e);
    this.draw();
  }
}
