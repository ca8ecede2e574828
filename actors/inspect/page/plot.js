import { attr, svg } from "./dom.js";

// Series is the last values of something, one for each look; null where nobody looked.
export class Series {
  constructor(size = 60) {
    this.size = size;
    this.values = [];
    this.last = 0;
  }

  // push adds the value of a look, once, and a gap where some are missing.
  push(at, value, interval) {
    if (at <= this.last) return;
    if (this.last && at - this.last > 3.5 * interval) this.values.push(null);
    this.last = at;
    this.values.push(value);
    if (this.values.length > this.size) this.values.splice(0, this.values.length - this.size);
  }

  get max() {
    return this.values.reduce((a, b) => Math.max(a, b ?? 0), 0);
  }
}

const W = 100;
const H = 24;

// Plot draws up to two series into one small picture, the newest at the right. What it says is beside it in words.
export class Plot {
  constructor(kinds, label) {
    this.paths = kinds.map((kind) => ({
      area: svg("path", { class: "area p-" + kind }),
      line: svg("path", { class: "line p-" + kind }),
    }));
    this.root = svg("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none" });
    for (const p of this.paths) this.root.append(p.area, p.line);
    if (label) {
      attr(this.root, "role", "img");
      attr(this.root, "aria-label", label);
    } else {
      attr(this.root, "aria-hidden", "true");
    }
  }

  // draw scales to the largest value, or to top if that is more.
  draw(series, top = 0) {
    const max = Math.max(top, ...series.map((s) => s.max)) || 1;
    series.forEach((s, k) => {
      const step = W / (s.size - 1);
      const begin = W - (s.values.length - 1) * step;
      let line = "";
      let area = "";
      let from = null;
      let x = 0;
      s.values.forEach((v, i) => {
        if (v === null) {
          if (from !== null) area += `L${x} ${H}L${from} ${H}Z`;
          from = null;
          return;
        }
        x = round(begin + i * step);
        const at = `${from === null ? "M" : "L"}${x} ${round(H - 1 - (v / max) * (H - 3))}`;
        if (from === null) from = x;
        line += at;
        area += at;
      });
      if (from !== null) area += `L${x} ${H}L${from} ${H}Z`;
      attr(this.paths[k].line, "d", line);
      attr(this.paths[k].area, "d", area);
    });
  }
}

const round = (n) => Math.round(n * 100) / 100;
