// Numbers and times as people read them.

const grouped = new Intl.NumberFormat("en-US");

// exact is a count, all of it.
export const exact = (n) => grouped.format(Math.round(n ?? 0));

// short is a number in at most five characters.
export function short(n) {
  n = n ?? 0;
  if (n === 0) return "0";
  if (n < 9.95) return n.toFixed(1).replace(/\.0$/, "");
  if (n < 9999.5) return grouped.format(Math.round(n));
  for (const [unit, size] of [["k", 1e3], ["M", 1e6], ["G", 1e9]]) {
    if (n < size * 999.5) return (n / size).toPrecision(3) + unit;
  }
  return (n / 1e12).toPrecision(3) + "T";
}

export function bytes(n) {
  n = n ?? 0;
  if (n < 1000) return Math.round(n) + " B";
  for (const unit of ["KiB", "MiB", "GiB"]) {
    n /= 1024;
    if (n < 999.5) return n.toPrecision(3) + " " + unit;
  }
  return (n / 1024).toPrecision(3) + " TiB";
}

export const percent = (part) => Math.round(part * 100) + " %";

// age is how long ago, in two units at most.
export function age(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " m " + (s % 60) + " s";
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " m";
  return Math.floor(s / 86400) + " d " + Math.floor((s % 86400) / 3600) + " h";
}

// clock is the time of day, to the millisecond.
export function clock(date) {
  const two = (n, width = 2) => String(n).padStart(width, "0");
  return two(date.getHours()) + ":" + two(date.getMinutes()) + ":" + two(date.getSeconds()) + "." + two(date.getMilliseconds(), 3);
}

// sum adds up what a map of reasons has.
export const sum = (reasons) => Object.values(reasons ?? {}).reduce((a, b) => a + b, 0);

// lost is what a socket has dropped for whatever reason.
export const lost = (s) => sum(s.discarded) + sum(s.dropped);

// parted splits an id into the path of its parents and its name.
export function parted(id) {
  const at = id.lastIndexOf("/");
  return at > 0 ? [id.slice(0, at + 1), id.slice(at + 1)] : ["", id];
}
