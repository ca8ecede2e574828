// What is drawn. Ids and errors come from anywhere: all text goes through textContent, never into HTML.

// el makes an element. Props: class, text, on: {event: handler}, and attributes; what is null or false is left out.
export function el(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") e.className = value;
    else if (name === "text") e.textContent = value;
    else if (name === "on") for (const [type, f] of Object.entries(value)) e.addEventListener(type, f);
    else e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const e = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

// icon draws one of the symbols in index.html.
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: "#i-" + name }));
}

// put sets a text, and leaves alone what is the same: a selection in it stays.
export function put(e, text) {
  text = String(text);
  if (e.textContent !== text) e.textContent = text;
}

export function attr(e, name, value) {
  if (value === null || value === undefined || value === false) e.removeAttribute(name);
  else if (e.getAttribute(name) !== String(value)) e.setAttribute(name, String(value));
}

// states, in the order in which they are shown.
export const states = ["failed", "tripped", "opening", "paused", "draining", "stopping", "open", "stopped"];

// badge is a state: a shape, a colour and a word. renew changes it.
export function badge() {
  const use = svg("use", {});
  const e = el("span", { class: "state" }, svg("svg", { class: "icon", "aria-hidden": "true" }, use), el("span"));
  e.renew = (state) => {
    if (e.dataset.state === state) return;
    const known = states.includes(state) ? state : "stopped";
    e.dataset.state = state;
    e.className = "state s-" + known;
    use.setAttribute("href", "#i-" + known);
    e.lastChild.textContent = state;
  };
  return e;
}

export const $ = (id) => document.getElementById(id);
