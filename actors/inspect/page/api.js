// What the server is asked. Addresses are relative: the page may be mounted anywhere.

const patience = 5000;

// Refused is an answer that says no; its message is the server's own words.
export class Refused extends Error {
  constructor(status, text) {
    super(text || "status " + status);
    this.status = status;
  }
}

async function ask(path, params, options = {}) {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) if (v !== "" && v !== false && v !== undefined) q.set(k, v === true ? "1" : v);
  const query = q.toString();
  const signals = [AbortSignal.timeout(patience)];
  if (options.signal) signals.push(options.signal);
  const answer = await fetch("api/" + path + (query ? "?" + query : ""), { ...options, signal: AbortSignal.any(signals), cache: "no-store" });
  if (!answer.ok) throw new Refused(answer.status, (await answer.text()).trim());
  return answer;
}

const get = async (path, params = {}, options) => (await ask(path, params, options)).json();

export const state = () => get("state");
export const sockets = (params, signal) => get("sockets", params, { signal });
export const socket = (id) => get("socket", { id });
export const tree = (id, offset, limit) => get("tree", { id, offset, limit });
export const act = (action, id) => ask(action, { id }, { method: "POST" });
